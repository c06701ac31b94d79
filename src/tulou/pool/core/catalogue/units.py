"""Units as people read them: the catalogue keeps UCUM codes (ucum.org), a page says 万元, 人, kWh."""

from __future__ import annotations

from tulou.kernel.errors import Text

WORDS = {
    "1": Text(zh="", en=""),
    "{count}": Text(zh="", en=""),
    "{person}": Text(zh="人", en="people"),
    "{enterprise}": Text(zh="家", en="enterprises"),
    "{score}": Text(zh="分", en="points"),
    "CNY": Text(zh="元", en="CNY"),
    "10*3.CNY": Text(zh="千元", en="thousand CNY"),
    "10*4.CNY": Text(zh="万元", en="10,000 CNY"),
    "10*6.CNY": Text(zh="百万元", en="million CNY"),
    "10*8.CNY": Text(zh="亿元", en="100 million CNY"),
    "USD": Text(zh="美元", en="USD"),
    "10*4.USD": Text(zh="万美元", en="10,000 USD"),
    "kW.h": Text(zh="kWh", en="kWh"),
    "10*4.kW.h": Text(zh="万 kWh", en="10,000 kWh"),
    "kV.A": Text(zh="kVA", en="kVA"),
    "kV.A{reactive}.h": Text(zh="kvarh", en="kvarh"),
    "m2": Text(zh="平方米", en="m²"),
    "m3": Text(zh="立方米", en="m³"),
    "mg/m3": Text(zh="mg/m³", en="mg/m³"),
    "t": Text(zh="吨", en="t"),
    "t.km": Text(zh="吨公里", en="tonne-km"),
    "t{standard coal}": Text(zh="吨标准煤", en="t of standard coal"),
    "t{CO2 eq}": Text(zh="吨二氧化碳当量", en="t of CO₂ equivalent"),
    "har": Text(zh="公顷", en="ha"),
    "Cel": Text(zh="℃", en="°C"),
    "GBy": Text(zh="GB", en="GB"),
    "min": Text(zh="分钟", en="minutes"),
    "h": Text(zh="小时", en="hours"),
    "d": Text(zh="天", en="days"),
    "mo": Text(zh="个月", en="months"),
    "a": Text(zh="年", en="years"),
}


def unit_words(unit: str | None) -> Text:
    """A unit in the reader's words; one that is not known as it stands, none as nothing.

    >>> unit_words("10*4.CNY").zh
    '万元'
    >>> unit_words("km").en
    'km'
    """
    if not unit:
        return Text(zh="", en="")
    return WORDS.get(unit, Text(zh=unit, en=unit))
