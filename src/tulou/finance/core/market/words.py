"""The short lists of the market, in both languages: purposes, collateral, ways of repaying, reasons for a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tulou.kernel.errors import Text

PURPOSES: Mapping[str, Text] = {
    "working_capital": Text(zh="流动资金周转", en="Working capital"),
    "materials": Text(zh="采购原材料", en="Raw materials"),
    "wages": Text(zh="发放工资", en="Wages"),
    "equipment": Text(zh="购置设备", en="Equipment"),
    "renovation": Text(zh="技术改造", en="Technical renewal"),
    "research": Text(zh="研发投入", en="Research and development"),
    "receivables": Text(zh="应收账款变现", en="Turn receivables into cash"),
    "expansion": Text(zh="扩大经营", en="Growth"),
    "refinancing": Text(zh="归还到期贷款", en="Renew a loan that falls due"),
}

COLLATERALS: Mapping[str, Text] = {
    "none": Text(zh="信用（无抵押）", en="None (on credit)"),
    "guarantee": Text(zh="保证担保", en="Guarantee"),
    "real_estate": Text(zh="房产抵押", en="Real estate"),
    "equipment": Text(zh="设备抵押", en="Equipment"),
    "receivables": Text(zh="应收账款质押", en="Receivables"),
    "invoices": Text(zh="发票质押", en="Invoices"),
    "ip": Text(zh="知识产权质押", en="Intellectual property"),
    "inventory": Text(zh="存货质押", en="Inventory"),
}

KINDS: Mapping[str, Text] = {
    "tax": Text(zh="税信贷", en="Loan on tax record"),
    "credit": Text(zh="信用贷", en="Unsecured loan"),
    "invoice": Text(zh="发票融资", en="Invoice finance"),
    "equipment": Text(zh="设备贷", en="Equipment loan"),
    "technology": Text(zh="科创贷", en="Technology loan"),
    "mortgage": Text(zh="抵押贷", en="Secured loan"),
    "guarantee": Text(zh="担保贷", en="Guaranteed loan"),
}

REVIEW_DAYS = 30
"""Days within which a firm may object to a refusal and have a person look again."""


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """One reason of the controlled list. `remedy` tells the firm what would change it; `item` where it can be wrong."""

    code: str
    text: Text
    remedy: Text


def _reason(code: str, zh: str, en: str, remedy_zh: str, remedy_en: str) -> RefusalReason:
    return RefusalReason(code, Text(zh=zh, en=en), Text(zh=remedy_zh, en=remedy_en))


REFUSALS: Mapping[str, RefusalReason] = {
    row.code: row
    for row in (
        _reason(
            "turnover_short",
            "近12个月开票收入不足以覆盖所申请的金额",
            "Invoiced sales of the last 12 months do not carry the amount",
            "可申请较小金额，或补充其他收入证明",
            "Ask for less, or show other income",
        ),
        _reason(
            "turnover_falling",
            "开票收入较上年明显下降",
            "Invoiced sales have fallen clearly against last year",
            "收入回升两个季度后可再次申请",
            "Ask again after two quarters of recovery",
        ),
        _reason(
            "debt_heavy",
            "现有负债相对收入偏高",
            "Present debts are high against income",
            "降低负债后再申请，或增加担保",
            "Reduce debts first, or add a guarantee",
        ),
        _reason(
            "tax_arrears",
            "存在未结清的欠税",
            "There are taxes that are not paid",
            "结清欠税后可再次申请；如信息有误，可提出异议",
            "Ask again once they are paid; dispute the entry if it is wrong",
        ),
        _reason(
            "tax_credit",
            "纳税信用级别低于产品要求",
            "The tax credit grade is below what the product asks for",
            "完成纳税信用修复后可再次申请",
            "Have the grade repaired and ask again",
        ),
        _reason(
            "insurance_arrears",
            "社会保险费存在欠缴",
            "Social insurance contributions are not paid",
            "补缴后可再次申请",
            "Pay them and ask again",
        ),
        _reason(
            "court_enforcement",
            "存在未履行的被执行案件",
            "There is a court enforcement that is not settled",
            "履行完毕并取得结案证明后可再次申请",
            "Settle it and ask again with the court's note",
        ),
        _reason(
            "customer_concentration",
            "收入过度依赖单一客户",
            "Income depends on one customer too much",
            "可提供该客户的长期合同",
            "A long-term contract with that customer helps",
        ),
        _reason(
            "too_young",
            "经营时间短于产品要求",
            "The firm is younger than the product asks for",
            "可选择面向初创企业的产品",
            "Look at products for young firms",
        ),
        _reason(
            "industry_limit",
            "所属行业不在该产品支持范围",
            "The industry is outside what the product supports",
            "可选择其他银行的产品",
            "Look at other banks' products",
        ),
        _reason(
            "collateral_short",
            "担保物价值不足",
            "The collateral is worth too little",
            "补充担保物，或引入政策性担保",
            "Add collateral, or ask for a public guarantee",
        ),
        _reason(
            "purpose_unclear",
            "借款用途说明不充分",
            "The purpose is not explained well enough",
            "补充合同、订单等用途材料",
            "Add contracts or orders that show it",
        ),
        _reason(
            "documents_missing",
            "必要材料缺失",
            "Documents that are needed are missing",
            "补齐材料后重新提交",
            "Send them and ask again",
        ),
        _reason(
            "no_consent",
            "未获授权查看所需数据",
            "The data that are needed were not opened to us",
            "授权所需数据后可重新申请",
            "Allow the data and ask again",
        ),
        _reason(
            "capacity",
            "本行该产品额度已用完",
            "Our own room for this product is used up",
            "与贵企业无关，可下季度再申请或选择其他银行",
            "This is not about you: ask next quarter, or another bank",
        ),
    )
}


def known(texts: Mapping[str, Text], code: str) -> Text:
    """The words for a code; the code itself where the list does not know it (older records stay readable)."""
    return texts.get(code, Text(zh=code, en=code))
