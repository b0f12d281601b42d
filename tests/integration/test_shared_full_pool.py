"""A database with no connection to spare is no fault of the caller, and none of the service: come again."""

from tests.conftest import SettingsOf
from tests.issuer_desk import open_desk


async def test_a_full_pool_answers_503_and_says_when_to_come_again(settings_of: SettingsOf) -> None:
    async with (
        open_desk(settings_of("issuer"), database_pool=1, database_wait_s=0.2) as desk,
        desk.browser() as browser,
    ):
        async with desk.runtime.db.transaction():
            refused = await browser.get("/oauth/jwks")
        served = await browser.get("/oauth/jwks")
    assert (refused.status_code, served.status_code) == (503, 200)
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) >= 1
