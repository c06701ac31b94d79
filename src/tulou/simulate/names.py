"""Names of firms and people: place, trade name, words of the industry, legal form, as registers write them."""

from __future__ import annotations

import numpy as np
import polars as pl

from tulou.simulate.chance import Array, Booleans, Floats, Indices, pick, stream
from tulou.simulate.vocabulary import characters, from_lists, gathered, industries, words

LIMITED, LIABILITY, STOCK, SOLE_OWNER, PARTNERSHIP, SOLE_TRADER, COOPERATIVE, BRANCH = range(8)
"""Legal forms, as numbers in the frame of firms."""

FORMS = ("有限公司", "有限责任公司", "股份有限公司", "厂", "中心（有限合伙）", "", "农民专业合作社", "分公司")
"""What a legal form writes at the end of a name."""

_LUCKY = 1.35  # People like the same few characters more than brands do; steeper weights make names alike.
_SECOND = 0.22
_BRACKETS = 0.07
_FARM_DIVISIONS = ("01", "02", "03", "04", "05")


def people(rng: np.random.Generator, size: int) -> pl.Series:
    """Names of persons: a surname as common as in Fujian and one or two characters."""
    surnames, weights = words().weighted("surnames")
    given = words().plain("given")
    first = gathered(given, rng.integers(0, len(given), size))
    second = gathered(given, rng.integers(0, len(given), size))
    short = pl.Series(rng.random(size) < 0.18)
    return pl.select(
        pl.lit(gathered(surnames, pick(rng, weights, size)))
        + pl.lit(first)
        + pl.when(pl.lit(short)).then(pl.lit("")).otherwise(pl.lit(second))
    ).to_series()


def trade_names(rng: np.random.Generator, size: int) -> pl.Series:
    """The part of a name that is the firm's own: two, three or four characters, each as frequent as in its place."""
    signs = characters().signs

    def drawn(place: str, power: float = _LUCKY) -> pl.Series:
        return gathered(signs, pick(rng, characters().weights(place) ** power, size))

    two = drawn("two_1") + drawn("two_2")
    three = drawn("three_1", 1.1) + drawn("three_2", 1.1) + drawn("three_3", 1.1)
    four = two + drawn("two_1") + drawn("two_2")
    length = pl.Series(pick(rng, [0.70, 0.22, 0.08], size))
    return pl.select(pl.when(length == 0).then(two).when(length == 1).then(three).otherwise(four)).to_series()


def shop_names(rng: np.random.Generator, owners: pl.Series) -> pl.Series:
    """What sole traders call themselves: a trade name, or their owner (阿明, 陈记, 林伟)."""
    size = len(owners)
    given = words().plain("given")
    forms = pl.DataFrame({"owner": owners, "trade": trade_names(rng, size)}).with_columns(
        a=pl.lit("阿") + gathered(given, rng.integers(0, len(given), size)),
        style=pl.Series(pick(rng, [0.55, 0.15, 0.13, 0.17], size)),
    )
    return forms.select(
        pl.when(pl.col("style") == 0)
        .then("trade")
        .when(pl.col("style") == 1)
        .then("a")
        .when(pl.col("style") == 2)
        .then(pl.col("owner").str.slice(0, 1) + pl.lit("记"))
        .otherwise("owner")
    ).to_series()


def place_words(rng: np.random.Generator, city: pl.Series, district: pl.Series, near: Booleans) -> pl.Series:
    """The place at the head of a name; `near` marks names that always begin with the district (sole traders)."""
    style = np.where(near, 4, pick(rng, [0.10, 0.06, 0.32, 0.22, 0.16, 0.12, 0.02], len(city)))
    frame = pl.DataFrame({"city": city, "district": district, "style": pl.Series(style)})
    urban = pl.col("district").str.ends_with("区")
    county = pl.col("district").str.replace("[市县]$", "")
    choices = {
        0: pl.lit("福建省"),
        1: pl.lit("福建"),
        2: pl.col("city"),
        3: pl.col("city").str.replace("市$", ""),
        4: pl.when(urban).then(pl.col("city") + pl.col("district")).otherwise("district"),
        5: pl.when(urban).then(pl.col("city").str.replace("市$", "")).otherwise(county),
    }
    return frame.select(
        pl.coalesce(*(pl.when(pl.col("style") == n).then(text) for n, text in choices.items()), pl.lit(""))
    ).to_series()


def trade_words(rng: np.random.Generator, division: Indices, form: Indices) -> pl.Series:
    """The words of the industry; for some companies a second, wider one (科技, 实业)."""
    shop = np.isin(form, [SOLE_TRADER, SOLE_OWNER])
    chance = rng.random(len(form))
    plain = from_lists(industries().words, division, chance)
    small = from_lists(industries().shop_words, division, chance)
    second = gathered(words().plain("second_words"), rng.integers(0, len(words().plain("second_words")), len(form)))
    wide = pl.Series((rng.random(len(form)) < _SECOND) & ~shop & (form != COOPERATIVE))
    doubled = plain.str.contains("科技|技术|集团|实业|工程")
    return pl.select(
        pl.when(pl.Series(shop)).then(small).when(wide & ~doubled).then(plain + second).otherwise(plain)
    ).to_series()


def form_words(form: Indices, word: pl.Series) -> pl.Series:
    """The end of the name for each legal form; words of shops end in their kind already (店, 厂, 经营部)."""
    ends = gathered(list(FORMS), form)
    shop_like = word.str.contains("[店厂行部所场坊院馆站园室城铺处队业吧]$")
    owner = pl.Series(form == SOLE_OWNER)
    return pl.select(pl.when(owner & shop_like).then(pl.lit("")).otherwise(ends)).to_series()


def written(parts: pl.DataFrame) -> pl.Series:
    """The full name of `place`, `trade`, `word` and `form_word`; where `bracketed` the place stands after the trade."""
    return parts.select(
        pl.when(pl.col("bracketed"))
        .then(
            pl.concat_str(
                "trade", pl.lit("（"), pl.col("place").str.replace("[省市]$", ""), pl.lit("）"), "word", "form_word"
            )
        )
        .otherwise(pl.concat_str("place", "trade", "word", "form_word"))
    ).to_series()


def named(seed: int, firms: pl.DataFrame) -> pl.DataFrame:
    """`firms` (city, district, division_at, form, owner) with the parts of their names and `name`, all different.

    A register lets no two firms of a place and an industry bear one name; whoever comes later must take another.
    """
    rng = stream(seed, "names")
    form = firms["form"].to_numpy()
    shop = form == SOLE_TRADER
    word = trade_words(rng, firms["division_at"].to_numpy(), form)
    trades = pl.select(
        pl.when(pl.Series(shop)).then(shop_names(rng, firms["owner"])).otherwise(trade_names(rng, len(form)))
    ).to_series()
    parts = firms.with_columns(
        place=place_words(rng, firms["city"], firms["district"], shop),
        trade=trades,
        word=word,
        form_word=form_words(form, word),
        bracketed=pl.Series((rng.random(len(form)) < _BRACKETS) & ~shop),
    ).with_columns(bracketed=pl.col("bracketed") & (pl.col("place") != "") & (pl.col("place").str.len_chars() < 6))
    return unlike(rng, parts.with_columns(name=written(parts)))


def unlike(rng: np.random.Generator, parts: pl.DataFrame) -> pl.DataFrame:
    """Give a new trade name to every firm whose name an earlier one bears, until no two are alike."""
    while True:
        again = ~parts["name"].is_first_distinct()
        count = int(again.sum())
        if count == 0:
            return parts
        fresh = np.full(len(parts), "", dtype=object)
        fresh[again.to_numpy()] = trade_names(rng, count).to_numpy()
        parts = parts.with_columns(trade=pl.when(again).then(pl.Series(fresh, dtype=pl.String)).otherwise("trade"))
        parts = parts.with_columns(name=written(parts))


def farm_forms(rng: np.random.Generator, division: Array) -> Indices:
    """The legal form of each firm, by what it does: cooperatives are found on farms, sole traders in shops."""
    farm = np.isin(division, _FARM_DIVISIONS)
    shop = np.isin(division, ["52", "62", "79", "80", "61"])
    weights = np.where(
        farm[:, None],
        [0.36, 0.10, 0.006, 0.05, 0.01, 0.16, 0.314, 0.0],
        np.where(
            shop[:, None],
            [0.40, 0.09, 0.004, 0.05, 0.006, 0.45, 0.0, 0.0],
            [0.64, 0.17, 0.016, 0.06, 0.024, 0.09, 0.0, 0.0],
        ),
    )
    ladder: Floats = np.cumsum(weights, axis=1)
    drawn: Indices = (rng.random(len(division))[:, None] * ladder[:, -1:] > ladder).sum(axis=1).astype(np.int64)
    return drawn
