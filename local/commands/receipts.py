"""`anxin receipt save|verify`: a receipt that proves something without us."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from local import receipt_keys
from local.called import anxin
from local.commands.options import HomeOption, home_of
from local.commands.records import AgencyOption, CredentialsOption, UrlOption, client_for
from local.refusals import Unusable

ReceiptFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
KeysOption = Annotated[
    Path | None, typer.Option("--keys", exists=True, help="公钥集 JWK set (default: the home's receipt-keys.json)")
]
BodyOption = Annotated[
    Path | None, typer.Option("--body", exists=True, dir_okay=False, help="同时核对数据文件 Compare the data file, too")
]


def register(app: typer.Typer) -> None:
    receipt = typer.Typer(help="回执。Receipts that prove what was sent.", no_args_is_help=True)
    receipt.command("save")(save)
    receipt.command("verify")(verify)
    app.add_typer(receipt, name="receipt")


def save(
    receipt_id: Annotated[UUID, typer.Argument(metavar="ID", help="回执号 The receipt's id")],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="存到 Where to (default ID.jws)")] = None,
    home: HomeOption = None,
    agency: AgencyOption = None,
    credentials: CredentialsOption = None,
    url: UrlOption = None,
) -> None:
    """保存回执（JWS）和公钥。Save a receipt as a JWS, and the keys to verify it with."""
    here = home_of(home)
    client = client_for(here, agency, credentials, url, None)
    token = client.get(f"/v1/receipts/{receipt_id}/jws").text
    receipt_keys.remember(here, client.get(receipt_keys.PATH))
    client.close()
    file = out or Path(f"{receipt_id}.jws")
    file.write_text(token + "\n")
    _say(f"已保存 saved {file}")
    _say(f"核验 verify: {anxin('receipt', 'verify', str(file))}")


def verify(file: ReceiptFile, home: HomeOption = None, keys: KeysOption = None, body: BodyOption = None) -> None:
    """离线核验回执。Verify a saved receipt offline: who sent what when. Exit status 0: it holds; 1: it does not."""
    from local import receipts  # cryptography and JOSE, which no other command waits for

    known = _keys_in(keys) if keys else receipt_keys.held(home_of(home))
    if not known["keys"]:
        raise Unusable("没有公钥：请用 --keys 指明。", "There are no keys here: say where they are with --keys.")
    proven = receipts.verified(file.read_text("utf-8", "replace"), known)
    _say(f"✓ 回执签名有效 the receipt's signature holds (key {proven.kid})", "green")
    _tell(proven.claims)
    if proven.sender is not None:
        name = proven.sender.subject.rfc4514_string()
        _say(f"✓ 部门自己的签名有效 the agency's own signature holds ({name})", "green")
    if body:
        receipts.must_be_about(proven, body)
        _say(f"✓ 数据文件相符 {body} is the file that was sent", "green")


def _keys_in(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8", "replace"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise Unusable(f"{file} 不是公钥集（JWK set）。", f"{file} is no JWK set.")
    return found


def _tell(claims: dict[str, Any]) -> None:
    file, rows = claims["file"], claims["rows"]
    reported = datetime.fromisoformat(claims["reported_at"]).astimezone()
    signed = datetime.fromtimestamp(claims["iat"], UTC).astimezone()
    _say(f"  回执 receipt  {claims['jti']}")
    _say(f"  报送 sent by  {claims['sub']}  ->  {claims['iss']}")
    _say(f"  时间 at       {reported.isoformat(' ', 'seconds')}  (签发 signed {signed.isoformat(' ', 'seconds')})")
    _say(f"  内容 what     {claims['dataset']}  {file['bytes']} bytes  {file['content_type']}")
    _say(f"  SHA-256       {file['sha256']}")
    _say("  行数 rows     " + "  ".join(f"{name}={number}" for name, number in rows.items()))


def _say(line: str, style: str = "") -> None:
    Console(soft_wrap=True, highlight=False).print(Text(line, style=style))
