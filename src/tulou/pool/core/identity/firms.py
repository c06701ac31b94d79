"""Firms made ready for comparing: their parts as numbers, and how often each value occurs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from tulou.kernel.uscc import normalise_usccs, org_codes_of, org_codes_valid
from tulou.pool.core.identity.addresses import Addresses, parse_addresses
from tulou.pool.core.identity.brackets import without_brackets
from tulou.pool.core.identity.names import Names, parse_names
from tulou.pool.core.identity.places import home_province, narrower, strip_places
from tulou.pool.core.identity.signs import Signs
from tulou.pool.core.identity.sounds import sounded

Numbers = NDArray[np.int64]
Column = pl.Series | NDArray[np.int64] | NDArray[np.int32]
SAMPLE = 5_000


def prepare_firms(sides: list[Mapping[str, pa.Array]]) -> list[pl.DataFrame]:
    """The records of each side ready for comparing; columns by role (uscc, org_code, name, address, district, phone,
    person, established).

    Row i of an answer is record i, column `row` says so. Text is kept as a 64-bit hash beside the little of it that is
    compared sign by sign; `n_…` counts a value over all sides. What is missing is null.
    """
    home = _home(sides)
    frames = [_prepare(side, home) for side in sides]
    counted = ("org", "core", "sound", "stem", "point", "door", "phone", "person")
    return with_counts(frames, [name for name in counted if name in frames[0].columns])


def with_counts(frames: list[pl.DataFrame], columns: list[str]) -> list[pl.DataFrame]:
    """The sides with `n_<column>`: how often each value stands in the column, in all sides together."""
    for name in columns:
        counts = pl.concat([frame[name] for frame in frames]).drop_nulls().value_counts(name=f"n_{name}")
        counts = counts.with_columns(pl.col(f"n_{name}").cast(pl.Int32))
        frames = [frame.join(counts, on=name, how="left", maintain_order="left") for frame in frames]
    return frames


def _home(sides: list[Mapping[str, pa.Array]]) -> int:
    columns = [
        Signs.of(side[role].slice(0, SAMPLE)).folded() for side in sides for role in ("address", "name") if role in side
    ]
    return home_province(*columns) if columns else 0


def _prepare(side: Mapping[str, pa.Array], home: int) -> pl.DataFrame:
    size = len(next(iter(side.values())))
    columns: dict[str, Column] = {"row": np.arange(size, dtype=np.int32)}
    place = np.zeros(size, dtype=np.int32)
    if "name" in side:
        names = parse_names(side["name"], home=home)
        place = names.place
        columns |= _name_columns(names)
    if "district" in side:
        place = narrower(districts(side["district"], home), place)
    if "address" in side:
        columns |= _address_columns(parse_addresses(side["address"], home=home), place)
    else:
        columns |= _region_columns(place)
    if "uscc" in side or "org_code" in side:
        columns |= _code_columns(side)
    if "phone" in side:
        columns |= _phone_columns(side["phone"])
    if "person" in side:
        columns |= _person_columns(side["person"])
    if "established" in side:
        columns["established"] = days(side["established"])
    return _with_keys(pl.DataFrame(columns))


def districts(values: pa.Array, home: int) -> NDArray[np.int32]:
    """The divisions that a column names, by code of GB/T 2260 or by name; 0 where it names none."""
    text = pl.Series(Signs.of(values).folded().strings())
    code = text.str.extract(r"^(\d{6})", 1).cast(pl.Int32).fill_null(0).to_numpy()
    column = Signs.of(text.to_arrow())
    named = strip_places(column, column.starts, column.ends, home=home).region
    return np.where(code > 0, code, named).astype(np.int32)


def _code_columns(side: Mapping[str, pa.Array]) -> dict[str, Column]:
    """The organisation code of each record, from its USCC where that is valid, and the code as it is written."""
    written = pl.Series(normalise_usccs(side["uscc" if "uscc" in side else "org_code"])).fill_null("")
    org = pl.Series(org_codes_of(written.to_arrow())).fill_null("")
    if "org_code" in side:
        given = pl.Series(normalise_usccs(side["org_code"])).fill_null("")
        valid = pl.Series(org_codes_valid(given.to_arrow()))
        org = pl.select(pl.when((org == "") & valid).then(given).otherwise(org)).to_series()
    long = written.str.len_chars() >= 9
    return {
        "org": _hashed(org),
        "code_text": pl.select(pl.when(long).then(written)).to_series(),
    }


def _phone_columns(values: pa.Array) -> dict[str, Column]:
    """Telephone numbers as binary-coded decimals, a digit in four bits, so that differing digits can be counted."""
    return {"phone": phone_numbers(values).replace({"": None}).str.to_integer(base=16, dtype=pl.Int64, strict=False)}


def phone_numbers(values: pa.Array) -> pl.Series:
    """Telephone numbers as digits: mobiles without the country's code, others without the area's; "" for no number.

    >>> phone_numbers(pa.array(["+86 139-1234-5678", "0591-87082363", "无", "00000000"])).to_list()
    ['13912345678', '87082363', '', '']
    """
    first = pl.Series(Signs.of(values).folded().strings()).str.extract(r"^\D*((?:[+(]?\d[\d()./-]{5,}\d))", 1)
    digits = first.fill_null("").str.replace_all(r"\D", "").str.replace(r"^(?:00)?86(\d{10,11})$", "$1")
    mobile = digits.str.contains(r"^1\d{10}$")
    land = digits.str.len_chars() >= 7
    text = pl.select(pl.when(mobile).then(digits).when(land).then(digits.str.tail(8)).otherwise(pl.lit(""))).to_series()
    placeholder = text.str.contains("|".join(f"{digit}{{7}}$" for digit in range(10)))
    return pl.select(pl.when(placeholder).then(pl.lit("")).otherwise(text)).to_series()


def _person_columns(values: pa.Array) -> dict[str, Column]:
    folded = without_brackets(Signs.of(values).folded())[0]
    text = pl.Series(folded.strings())
    return {
        "person": _hashed(text),
        "person_text": text,
        "person_sound": _sound(folded),
        "surname": _hashed(text.str.head(1)),
    }


def days(values: pa.Array) -> pl.Series:
    """Dates as days since 1970, however they are written (2011-5-17, 2011/05/17, 20110517, 2011年5月17日); null else.

    >>> days(pa.array(["2011-5-17", "2011年05月17日", "20110517", "17.5.2011", "n/a"])).to_list()
    [15111, 15111, 15111, 15111, None]
    """
    text = pl.Series(Signs.of(values).folded().strings())
    forms = (
        r"^(?P<y>\d{4})\D{0,2}(?P<m>\d{1,2})\D{0,2}(?P<d>\d{1,2})",
        r"^(?P<d>\d{1,2})[./-](?P<m>\d{1,2})[./-](?P<y>\d{4})",
    )
    parts = [text.str.extract_groups(form) for form in forms]
    written = [
        pl.concat_str([pl.lit(part.struct.field(name).str.zfill(2)) for name in "ymd"], separator="-").str.to_date(
            "%Y-%m-%d", strict=False
        )
        for part in parts
    ]
    return pl.select(pl.coalesce(written)).to_series().cast(pl.Int32)


def _with_keys(frame: pl.DataFrame) -> pl.DataFrame:
    """Values of two columns as one number, for blocking; null where one of them is not known."""
    pairs = [(one, region) for one in ("stem", "core", "sound") for region in ("city", "county")]
    pairs += [("street_house", "county"), ("person", "city"), ("person", "county"), ("phone", "county")]
    return frame.with_columns(
        pl.when(_known(one) & _known(other))
        .then(pl.struct(one, other).hash(seed=3).reinterpret(signed=True))
        .alias(f"{one}_{other}")
        for one, other in pairs
        if one in frame.columns and other in frame.columns
    )


def _known(name: str) -> pl.Expr:
    return pl.col(name).is_not_null() & (pl.col(name) != 0)


def _hashed(values: pl.Series) -> pl.Series:
    """Text as one number each, equal for equal text; null for empty text."""
    return pl.select(pl.when(values.str.len_bytes() > 0).then(values.hash(seed=1).reinterpret(signed=True))).to_series()


def _sound(column: Signs) -> pl.Series:
    """How text sounds as one number each; null for empty text."""
    spoken = sounded(column)
    return pl.Series(spoken.hashes(spoken.starts, spoken.ends).view(np.int64)).replace({0: None})


def _name_columns(names: Names) -> dict[str, Column]:
    core, trade = pl.Series(names.core), pl.Series(names.trade)
    stem = core + trade
    signs = Signs.of(names.core)
    return {
        "core": _hashed(core),
        "core_text": core,
        "core_size": np.diff(signs.offsets).astype(np.int32),
        "sound": _sound(signs),
        "signs": sign_sets(sounded(signs)),
        "stem": _hashed(stem),
        "stem_text": stem,
        "trade": _hashed(trade),
        "trades": names.trades & ~np.int64(1),
        "legal": pl.Series(names.legal).replace({0: None}),
        "branch": _hashed(pl.Series(names.branch)).fill_null(0),
        "place": names.place,
    }


def sign_sets(column: Signs) -> Numbers:
    """The signs of each row as a set of 63 bits; two rows without a common bit have no common sign."""
    bits = np.int64(1) << (column.codes.astype(np.int64) * 2654435761 % 4294967291 % 63)
    sets = np.zeros(len(column), dtype=np.int64)
    np.bitwise_or.at(sets, column.rows, bits)
    return sets


def _region_columns(region: NDArray[np.int32]) -> dict[str, Column]:
    return {
        "city": np.where(region % 10000 > 0, region // 100, 0).astype(np.int32),
        "county": np.where(region % 100 > 0, region, 0).astype(np.int32),
    }


def _address_columns(parts: Addresses, place: NDArray[np.int32]) -> dict[str, Column]:
    regions = _region_columns(narrower(np.where(parts.region > 0, parts.region, place).astype(np.int32), place))
    street, house, building, room = (
        _hashed(pl.Series(column)) for column in (parts.street, parts.house, parts.building, parts.room)
    )
    frame = pl.DataFrame({"street": street, "house": house, "building": building, "room": room, **regions})
    point = pl.struct("street", "house", "city").hash(seed=1).reinterpret(signed=True)
    door = pl.struct("street", "house", "city", "room").hash(seed=2).reinterpret(signed=True)
    located = pl.col("street").is_not_null() & pl.col("house").is_not_null()
    frame = frame.with_columns(
        pl.when(located).then(pl.struct("street", "house").hash(seed=4).reinterpret(signed=True)).alias("street_house"),
        pl.when(located).then(point).alias("point"),
        pl.when(located & pl.col("room").is_not_null()).then(door).alias("door"),
    )
    return {
        **{name: frame[name] for name in frame.columns},
        "street_text": pl.Series(parts.street),
        "street_sound": _sound(Signs.of(parts.street)),
    }


def second_keys(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Wider keys for firms that found no partner: tables of `row` and `key`, in the same order for every side.

    They meet a trade name with one sign wrong, missing or swapped in the same city; a name cut short or with a mistyped
    trade in the same county; the same door under a mistyped street; and a new name at the old door.
    """
    keys: list[pl.DataFrame] = []
    if "core_text" in frame.columns:
        keys += [_dropped(frame), _sorted_signs(frame)]
        begin = pl.col("stem_text").str.head(2)
        sounds_end = pl.col("core_text").str.tail(1)
        keys += [
            _key(frame, begin, "county"),
            _key(frame, begin, "city", "trade"),
            _key(frame, sounds_end, "county", "trade"),
            _key(frame, pl.col("core_text").str.head(1), "county", "trade"),
            _key(frame, pl.col("core_text").str.tail(2), "city"),
            _key(frame, pl.col("stem_text").str.head(3)),
        ]
    if "street" in frame.columns:
        keys += [
            _key(frame, "house", "room", "county"),
            _key(frame, "house", "street_sound", "city"),
            _key(frame, "street_house", "building"),
        ]
    if "established" in frame.columns:
        keys += [_key(frame, "established", "county"), _key(frame, "established", "city", "trade")]
    if "established" in frame.columns and "person" in frame.columns:
        keys += [_key(frame, "established", "person"), _key(frame, "established", "surname", "city")]
    if "person" in frame.columns and "trade" in frame.columns:
        keys += [_key(frame, "person", "trade"), _key(frame, "person", pl.col("core_text").str.head(1))]
    if "street" in frame.columns and "core_text" in frame.columns:
        keys += [
            _key(frame, "street_house", "trade"),
            _key(frame, "street", "trade", "county"),
            _key(frame, "street_house", pl.col("core_text").str.head(1)),
            _key(frame, "street", pl.col("core_text").str.head(1), "city"),
            _key(frame, "street", pl.col("core_text").str.tail(1), "city"),
        ]
    return keys


def _key(frame: pl.DataFrame, *parts: str | pl.Expr) -> pl.DataFrame:
    """Rows whose parts are all known, with the parts as one number."""
    columns = [pl.col(part) if isinstance(part, str) else part for part in parts]
    named = frame.select("row", *(column.alias(f"part_{number}") for number, column in enumerate(columns)))
    known = [
        pl.col(name).is_not_null() & (pl.col(name) != ("" if named.schema[name] == pl.String else 0))
        for name in named.columns[1:]
    ]
    return named.filter(*known).select("row", pl.struct(named.columns[1:]).hash(seed=5).alias("key"))


def _dropped(frame: pl.DataFrame) -> pl.DataFrame:
    """Every trade name of three to eight signs with one sign left out, and whole, with the city."""
    length = pl.col("core_text").str.len_chars()
    long = frame.filter((length >= 3) & (length <= 8) & _known("city")).select("row", "core_text", "city")
    variants = [long.select("row", "city", variant=pl.col("core_text"))]
    variants += [
        long.filter(pl.col("core_text").str.len_chars() > place).select(
            "row",
            "city",
            variant=pl.col("core_text").str.slice(0, place) + pl.col("core_text").str.slice(place + 1),
        )
        for place in range(8)
    ]
    every = pl.concat(variants).unique()
    return every.select("row", pl.struct("city", "variant").hash(seed=6).alias("key"))


def _sorted_signs(frame: pl.DataFrame) -> pl.DataFrame:
    """The signs of the trade name and the trade in order, with the city: what stays when two signs are swapped."""
    ordered = pl.col("stem_text").str.split("").list.sort().list.join("")
    return _key(frame, ordered, "city")
