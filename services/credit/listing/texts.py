"""The sentences of the notice and of the decision, Chinese first. Braces are filled from the case and the law."""

# ruff: noqa: E501 - sentences

Text = tuple[str, str]

GROUNDS: dict[str, Text] = {
    "one_worker": (
        "拖欠农民工劳动报酬达到《最高人民法院关于审理拒不支付劳动报酬刑事案件适用法律若干问题的解释》（法释〔2013〕3号）第三条第（一）项的数额标准",
        "the arrears reach the amount of art. 3 (1) of the Supreme People's Court's interpretation 法释〔2013〕3号",
    ),
    "ten_workers": (
        "拖欠{migrant_workers}名农民工劳动报酬，达到法释〔2013〕3号第三条第（二）项的数额标准",
        "{migrant_workers} migrant workers are unpaid and the sum reaches the amount of art. 3 (2) of 法释〔2013〕3号",
    ),
    "incident": (
        "因拖欠农民工工资引发群体性事件、极端事件造成严重不良社会影响",
        "the arrears caused a mass or extreme incident with serious bad social effect",
    ),
}

# Order 45, art. 6: facts, basis, rights, and the chance of art. 7.
NOTICE: dict[str, Text] = {
    "facts": (
        "{deciding_org}以{order_no}责令你单位限期支付农民工工资，期限至{term_ends_on}止，逾期未支付；{grounds_zh}。"
        "拟将你单位列入拖欠农民工工资失信联合惩戒对象名单。",
        "{deciding_org} ordered you by {order_no} to pay migrant workers' wages by {term_ends_on}; they were not paid in time; "
        "{grounds_en}. It is intended to put you on the joint-discipline list.",
    ),
    "basis": (
        "《保障农民工工资支付条例》第四十八条；《拖欠农民工工资失信联合惩戒对象名单管理暂行办法》（人社部令第45号）第五条、第六条。",
        "Decree 724, art. 48; Order 45 of the Ministry of Human Resources and Social Security, art. 5 and 6.",
    ),
    "rights": (
        "你单位可自收到本告知之日起{objection_days}个工作日内提出异议，本机关自收到异议之日起{answer_days}个工作日内核实并告知结果。",
        "You may object within {objection_days} working days of receiving this notice; the bureau verifies within {answer_days} "
        "working days of receiving the objection and tells you the result.",
    ),
    "sparing": (
        "在作出列入决定前，已改正拖欠农民工工资行为，且作出不再拖欠农民工工资书面信用承诺的，可以不予列入（第七条）。",
        "If, before the decision, you correct the arrears and promise in writing not to owe wages again, you may be spared (art. 7).",
    ),
}

# Order 45, art. 8: cause, basis, joint-discipline notice, conditions and procedure of early removal, remedies.
DECISION: dict[str, Text] = {
    "cause": (
        "{deciding_org}以{order_no}责令限期支付农民工工资，期限至{term_ends_on}止，逾期未支付；{grounds_zh}。",
        "{deciding_org} ordered by {order_no} that migrant workers' wages be paid by {term_ends_on}; they were not paid in time; "
        "{grounds_en}.",
    ),
    "basis": (
        "《保障农民工工资支付条例》第四十八条；《拖欠农民工工资失信联合惩戒对象名单管理暂行办法》（人社部令第45号）第五条、第八条、第十一条。",
        "Decree 724, art. 48; Order 45 of the Ministry of Human Resources and Social Security, art. 5, 8 and 11.",
    ),
    "joint_discipline": (
        "自{decided_on}起至{expected_exit}前（{listing_years}年），相关部门在政府资金支持、政府采购、招投标、融资贷款、市场准入、税收优惠、"
        "评优评先、交通出行等方面依法依规予以限制（第十条、第十一条）。",
        "From {decided_on} until {expected_exit} ({listing_years} years) other departments restrict you by law in government funds, "
        "procurement, tendering, loans, market access, tax benefits, honours and travel (art. 10 and 11).",
    ),
    "early_removal": (
        "已改正拖欠农民工工资行为、自改正之日起被列入名单满6个月且作出书面信用承诺的，可向本机关提交书面申请、已改正证据和信用承诺，申请提前移出；"
        "本机关自收到之日起15个工作日内核实并作出决定（第十二条、第十四条）；有第十三条情形的除外。",
        "Having corrected the arrears, spent 6 months on the list from the correction, and promised in writing, you may apply for "
        "early removal with proof and promise; the bureau decides within 15 working days (art. 12 and 14), save the cases of art. 13.",
    ),
    "remedies": (
        "对本决定不服的，可自收到之日起60日内申请行政复议，或者自收到之日起6个月内提起行政诉讼（第十八条；行政复议法第二十条；行政诉讼法第四十六条）。",
        "Against this decision you may apply for administrative review within 60 days, or bring a suit within 6 months, of receiving "
        "it (art. 18; Administrative Review Law art. 20; Administrative Litigation Law art. 46).",
    ),
}

# Art. 7 weighed and refused, said in the cause. The reason itself stays in the file: free text never travels.
NOT_SPARED: Text = (
    "当事人已于{paid_on}支付，经审查不适用第七条不予列入，理由另行书面告知。",
    "The wages were paid on {paid_on}; sparing under art. 7 was considered and refused, with reasons given separately.",
)
