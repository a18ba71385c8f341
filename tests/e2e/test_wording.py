"""The code sets in the notices' own words (domain.md 3.2)."""
import pytest

WORDS = {
    # G38: 六类不良资产
    "disposal_reason": {
        "X1": "已超过使用年限且无法满足巩固脱贫成果任务需要",
        "X2": "因政策或技术原因确需淘汰或无法维修、无维修价值",
        "X3": "因自然灾害等不可抗力造成损毁",
        "X4": "因基本建设需拆除", "X5": "依照相关规定需处置",
        "X6": "因市场原因造成持续亏损、盘活无望、前景黯淡"},
    # T66: 填表说明 3
    "idle_cause": {
        "U1": "论证不充分、不切合实际，盲目跟风",
        "U2": "政策变化，不能继续实施",
        "U3": "有资金支持就管，无资金来源时就“停摆”，断断续续折腾，长期吸血",
        "U4": "技术、人才支撑不够，应对气候变化能力不足",
        "U5": "土地租金高、人工成本贵、融资贷款难、扶持政策“断奶”、"
              "市场价格低迷等难以正常经营",
        "U54": "扶持政策“断奶”",
        "U6": "缺乏考察论证，盲目引进，市场不认可，产品卖难，业主放弃经营"},
    # T14: 有序调整、销号退出
    "elimination_step": {"exit": "有序调整、销号退出"},
    "issue_category": {"G-1": "不符合衔接资金使用范围",     # G3
                       "F-2": "“两不愁三保障”及安全饮水等政策落实",
                       "F-3": "产业就业帮扶", "F-4": "项目资金管理"},
    "fund_type": {"F07": "用于支持脱贫攻坚的政府债券"},     # B3
}


@pytest.mark.parametrize("name", WORDS)
def test_a_code_set_says_what_the_notice_says(county, name):
    rows = county.psql("SELECT code, label FROM code_item WHERE set_code ="
                       f" '{name}'")
    assert dict(rows).items() >= WORDS[name].items()

