"""Who is there: industry, size, town, owner, buyer, temperament, and who has which account. One array a trait."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from city.draws import Draws, Flags, Floats, Ints, normal, uniform, whole
from city.parameters import Economy, Parameters
from shared.divisions import table

NOBODY = -1
_LONG_AGO = -300  # months


@dataclass(frozen=True)
class Population:
    """`count` employers; every array has shape (count,). `born` and `buyer`, `owner`: month, index, group or NOBODY."""

    count: int
    industry: Ints
    is_individual: Flags
    workers: Ints
    town: Ints
    born: Ints
    owner: Ints
    buyer: Ints
    temperament: Floats
    volatility: Floats
    luck: Floats
    is_hidden: Flags
    accounts: dict[str, Flags]

    @property
    def log_size(self) -> Floats:
        """Natural log of the workers, at least log 1."""
        return np.log(np.maximum(self.workers, 1)).astype(np.float32)


def settle(draws: Draws, count: int, months: int, numbers: Parameters, economy: Economy) -> Population:
    """The population of a district of `count` employers, observed for `months`."""
    industry = _choice(draws, "industry", count, [one.share for one in economy.industries])
    is_individual = uniform(draws.of("individual"), count) < numbers.sizes.individual_share
    workers = _workers(draws, industry, is_individual, numbers, economy)
    owner = _owners(draws, count, numbers)
    return Population(
        count=count,
        industry=industry,
        is_individual=is_individual,
        workers=workers,
        town=_choice(draws, "town", count, numbers.world.town_shares),
        born=_born(draws, count, months, numbers),
        owner=owner,
        buyer=_buyers(draws, workers, numbers),
        temperament=_temperament(draws, owner, numbers),
        volatility=_volatility(draws, count, numbers),
        luck=normal(draws.of("luck"), count),
        is_hidden=uniform(draws.of("hidden"), count) < numbers.bills.hidden_share,
        accounts=_accounts(draws, industry, workers, economy, numbers),
    )


def towns(district: str) -> list[str]:
    """The codes of the district's present towns, in order."""
    return sorted(
        code for code, one in table().items() if one.is_town and code.startswith(district) and not one.valid_to
    )


def _choice(draws: Draws, name: str, count: int, shares: list[float] | tuple[float, ...]) -> Ints:
    edges = np.cumsum(np.asarray(shares) / sum(shares))
    return np.minimum(np.searchsorted(edges, draws.of(name).random(count)), len(shares) - 1).astype(np.int64)


def _workers(draws: Draws, industry: Ints, individual: Flags, numbers: Parameters, economy: Economy) -> Ints:
    """Lognormal by kind, with a Pareto tail among enterprises."""
    size, count = numbers.sizes, len(industry)
    noise, more = normal(draws.of("size"), count), np.array([one.size for one in economy.industries])[industry]
    small = np.exp(size.individual_mu + 0.5 * more + size.individual_sigma * noise)
    firm = np.exp(size.enterprise_mu + more + size.enterprise_sigma * noise)
    pareto = size.tail_from * (1.0 - draws.of("size tail").random(count)) ** (-1.0 / size.tail_exponent)
    firm = np.where(uniform(draws.of("in tail"), count) < size.tail_share, pareto, firm)
    return np.minimum(np.where(individual, small, firm), size.most).astype(np.int64)


def _born(draws: Draws, count: int, months: int, numbers: Parameters) -> Ints:
    """Months; those born before the window long before it."""
    within = uniform(draws.of("born within"), count) < numbers.life.born_within_share
    before = np.maximum(-(draws.of("age").exponential(90.0, count)).astype(np.int64) - 1, _LONG_AGO)
    return np.where(within, whole(draws.of("born"), 0, max(months - 2, 1), count), before)


def _owners(draws: Draws, count: int, numbers: Parameters) -> Ints:
    """Groups of two to `group_most` with one owner each; NOBODY: his only firm."""
    chosen = draws.of("grouped").permutation(count)[: int(count * numbers.owners.grouped_share)]
    sizes = whole(draws.of("group size"), 2, numbers.owners.group_most + 1, len(chosen))
    groups = np.repeat(np.arange(len(chosen)), sizes)[: len(chosen)]
    owner = np.full(count, NOBODY, dtype=np.int64)
    owner[chosen] = groups
    return owner


def _buyers(draws: Draws, workers: Ints, numbers: Parameters) -> Ints:
    """Whom an employer mainly works for: one of the largest, or NOBODY."""
    count = len(workers)
    largest = np.argsort(-workers, kind="stable")[: max(int(count * numbers.chains.buyer_share), 1)]
    buyer = largest[whole(draws.of("buyer"), 0, len(largest), count)]
    alone = (uniform(draws.of("chained"), count) >= numbers.chains.chained_share) | (buyer == np.arange(count))
    return np.where(alone, NOBODY, buyer)


def _temperament(draws: Draws, owner: Ints, numbers: Parameters) -> Floats:
    """About 0 for those who pay wages first, about `gap` for those who pay them last. Firms of one owner are alike."""
    traits = numbers.temperament
    own = normal(draws.of("temperament"), len(owner))
    shared = normal(draws.of("temperament of owners"), int(owner.max(initial=0)) + 1)[np.maximum(owner, 0)]
    alike = np.float32(numbers.owners.shared_temperament)
    latent = np.where(owner >= 0, np.sqrt(alike) * shared + np.sqrt(1 - alike) * own, own)
    last = latent > NormalDist().inv_cdf(1 - traits.wages_last_share)
    return np.asarray(traits.spread * latent + traits.gap * last, np.float32)


def _volatility(draws: Draws, count: int, numbers: Parameters) -> Floats:
    """Lognormal with mean square 1: some businesses swing more than others."""
    sigma = numbers.stress.volatility_sigma
    return np.asarray(np.exp(sigma * normal(draws.of("volatility"), count) - sigma**2), np.float32)


def _accounts(draws: Draws, industry: Ints, workers: Ints, economy: Economy, numbers: Parameters) -> dict[str, Flags]:
    """Who is billed by name. Small ones often sit on a landlord's meter and insure nobody."""
    count, big = len(industry), np.log(np.maximum(workers, 1))
    metered = {kind: np.array([getattr(one, kind) for one in economy.industries]) for kind in ("power", "water", "gas")}
    chance = {kind: shares[industry] * (0.9 + 0.25 * big) for kind, shares in metered.items()}
    chance |= {"tax": np.full(count, numbers.bills.taxed_share), "social": 0.45 + 0.25 * big}
    return {kind: uniform(draws.of(f"account {kind}"), count) < share for kind, share in chance.items()}
