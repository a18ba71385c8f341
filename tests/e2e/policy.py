"""Who may do what, said a second time and apart from the server: what
test_matrix.py expects (domain.md 3.5, 5.1, 5.2)."""
import re

from policy_moves import LIVES

# R reads; W adds, changes and gives commands; M gives commands; C adds; I adds
# and gives commands; U changes; S syncs; F configures. Columns: groups of
# entities; rows: the roles of domain.md 5.2.
TABLE = """
role             project library evaluation filing fund payment asset benefit household operator contact coverage risk class plan issue order patrol form archive attachment report indicator document template accountability issue_progress evidence command
village_admin    W       W       R          R      R    R       W     W       W         W        .       .        R    W     W    W     M     R      W    W       W          W      R         R        R        .              C              C        R
village_lead     M       M       R          R      R    R       M     R       R         R        .       .        R    M     M    M     M     R      M    M       C          M      R         R        R        .              C              C        R
helper           .       .       .          .      .    .       .     R       U         .        .       .        .    .     R    R     .     .      W    .       C          .      .         R        R        .              R              C        R
township_clerk   W       W       W          R      R    R       W     W       W         W        W       R        W    W     W    W     M     W      W    W       W          W      R         R        R        .              C              C        R
township_lead    M       M       R          R      R    R       M     R       R         R        R       R        M    M     M    M     M     R      M    M       C          M      R         R        R        .              C              C        R
resident_group   R       R       R          R      R    R       R     R       .         R        R       R        R    R     R    R     R     W      W    R       C          W      R         R        R        .              C              C        R
dept_clerk       W       W       W          R      R    W       W     R       .         W        W       R        W    W     W    W     M     W      R    W       W          W      R         R        R        .              C              C        R
dept_lead        M       M       M          R      R    M       M     R       .         R        R       R        M    M     M    M     W     R      R    M       C          M      R         R        R        .              C              C        R
lead_bureau      M       M       M          W      R    R       M     R       R         W        W       W        M    M     M    I     W     R      M    M       C          W      W         W        W        .              C              C        R
task_force       M       M       R          W      R    R       R     R       R         R        W       W        M    M     M    I     W     R      M    M       C          W      W         W        W        .              C              C        R
county_authority M       M       R          R      M    M       M     R       .         R        .       .        R    M     R    M     W     R      R    R       C          M      M         R        R        .              C              C        R
finance          M       M       R          .      W    W       M     .       .         R        .       .        .    .     R    R     .     .      .    R       C          W      R         R        R        .              R              C        R
war_zone         R       R       R          R      R    R       R     R       R         R        R       R        R    R     R    R     W     W      R    R       C          W      R         R        R        .              C              C        R
special_group    R       R       R          R      R    R       R     R       R         R        R       R        R    R     R    M     W     R      R    R       C          W      R         R        R        .              C              C        R
patrol_group     R       R       R          R      R    R       R     R       R         R        R       R        R    R     R    C     W     W      R    R       C          W      R         R        R        .              C              C        R
pref_dept        R       R       W          M      M    M       R     R       .         R        .       .        M    R     M    I     W     R      .    R       C          W      W         R        R        .              C              C        R
pref_task_force  R       R       R          M      M    M       R     R       R         R        .       .        M    R     M    R     W     W      .    R       C          W      W         R        R        .              C              C        R
province         R       R       W          R      R    R       R     .       .         R        .       .        M    R     M    R     W     R      .    R       C          M      M         R        R        .              R              C        R
auditor          R       R       R          R      R    R       R     R       R         R        R       R        R    R     R    R     R     R      R    R       R          R      R         R        R        .              R              R        R
discipline       R       R       R          R      R    R       R     R       .         R        .       .        R    R     R    R     R     R      R    R       C          R      R         R        R        W              R              C        R
evaluator        R       R       W          .      R    R       R     R       .         .        .       .        .    .     .    .     .     .      .    .       C          W      .         R        R        .              .              C        R
operator_user    M       R       .          .      R    R       R     W       .         R        .       .        R    R     M    M     M     .      .    .       C          .      .         R        R        .              C              C        R
api_client       R       R       .          .      .    .       .     .       .         .        .       .        .    .     .    .     .     .      .    .       .          R      R         R        R        .              .              .        .
sheet_agent      .       .       .          .      .    .       .     .       .         .        .       .        .    .     .    S     .     .      .    .       .          .      .         R        R        .              .              .        .
sysadmin         .       .       .          .      .    .       .     .       .         .        .       .        .    .     .    .     .     .      .    .       .          .      .         F        F        .              .              .        .
security_admin   .       .       .          .      .    .       .     .       .         .        .       .        .    .     .    .     .     .      .    .       .          .      .         .        .        .              .              .        .
audit_admin      .       .       .          .      .    .       .     .       .         .        .       .        .    .     .    .     .     .      .    .       .          .      .         .        .        .              .              .        .
public           .       .       .          .      .    .       .     .       .         .        .       .        .    .     .    .     .     .      .    .       .          .      .         .        .        .              .              .        .
"""
VERBS = {".": set(), "R": {"read"}, "C": {"read", "create"},
         "M": {"read", "move"}, "W": {"read", "create", "change", "move"},
         "I": {"read", "create", "move"}, "U": {"read", "change"},
         "S": {"read", "sync"}, "F": {"read", "configure"}}
LEVELS = {"village_admin": 5, "village_lead": 5, "helper": 5,
          "township_clerk": 4, "township_lead": 4, "resident_group": 4,
          "pref_dept": 2, "pref_task_force": 2, "province": 1}
AT_THEIR_PLACE = {"auditor", "discipline", "evaluator", "operator_user",
                  "api_client", "sheet_agent", "sysadmin", "security_admin",
                  "audit_admin", "public"}
ADMINISTRATORS = {"sysadmin", "security_admin", "audit_admin"}
# The columns that say whose a row is.
OWNERS = ("project_id", "household_id", "operator_id",
          "implementing_operator_id", "operating_operator_id",
          "owner_operator_id", "owner_household_id")


def table():
    """role → group → verbs"""
    head, *rows = [x.split() for x in TABLE.split("\n") if x]
    return {r[0]: {g: VERBS[c] for g, c in zip(head[1:], r[1:], strict=True)}
            for r in rows}


PERMITS = table()


def level_of(division):
    for level, width in enumerate((10 ** 12, 10 ** 10, 10 ** 8, 10 ** 6,
                                   10 ** 3)):
        if division % width == 0:
            return level
    return 5


def last(division):
    return division + (10 ** 12, 10 ** 10, 10 ** 8, 10 ** 6, 10 ** 3,
                       1)[level_of(division)] - 1


def inside(division, within):
    return within <= division <= last(within)


class Actor:
    """Under one grant: its place, line and clearance, and what narrows it:
    an action, the places an organisation covers, rows of its own, categories
    of issues and the places of each; for an application, what it was admitted
    to: {(entity, verb)}."""

    def __init__(self, name, role, division, line="", clearance=2, cover=None,
                 action=None, own=(), scopes=None, categories=None):
        self.name, self.role, self.division = name, role, int(division)
        self.scopes, self.categories = scopes, categories
        self.line, self.clearance = line, clearance
        self.cover, self.action, self.own = cover, action, set(own)
        self.level = level_of(self.division) if role in AT_THEIR_PLACE \
            else LEVELS.get(role, 3)

    def __repr__(self):
        return f"{self.name} ({self.role} at {self.division} {self.line})"


class Row:
    """A row as far as authority goes."""

    def __init__(self, entity, where, division, line="", sensitivity=1,
                 state=None, action=None):
        self.entity, self.where, self.division = entity, where, int(division)
        self.line, self.sensitivity, self.state = line, sensitivity, state
        self.filed = level_of(self.division)
        self.kind = "state" if state else "action" if action else "base"
        self.id, self.action, self.owners = None, action, set()
        self.category = None    # (code, row) of the issue it is (of)

    def __repr__(self):
        return f"{self.entity.name} {self.where} {self.line} " \
            f"{self.sensitivity} {self.state or ''} {self.id}"


def may(actor, verb, entity):
    return verb in PERMITS[actor.role].get(entity.group, ()) and \
        scoped(actor, verb, entity.name)


def scoped(actor, verb, entity):
    return actor.scopes is None or (entity, verb) in actor.scopes


def reaches(actor, division):
    return inside(division, actor.division) and (
        actor.cover is None or any(inside(division, c) for c in actor.cover))


def sees(actor, row):
    """Its place, line, sensitivity and action, and whose it is (5.1); what is
    shared also from below and on every line."""
    if row.sensitivity > actor.clearance or \
            actor.action and row.action not in (None, actor.action) or \
            not of_category(actor, row):
        return False
    if row.entity.shared:
        return reaches(actor, row.division) or \
            inside(lowest(actor), row.division)
    return owns(actor, row)


def of_category(actor, row):
    """5.2: a special group reads plans and issues by category, a tree by the
    parts of its codes; the rest like anybody of its level."""
    if actor.categories is None or row.category is None:
        return True
    code, issue = row.category
    return any(inside(issue.division, place)
               for c, places in actor.categories.items() for place in places
               if code == c or code.startswith(c + "-"))


def lowest(actor):
    """Where what is shared is looked up from."""
    return min(actor.cover) if actor.cover else actor.division


def read_records(actor, row):
    """Commands and evidence of a row: not for who only configures."""
    return DENIED if actor.role in ADMINISTRATORS else read(actor, row)


def owns(actor, row):
    """In its scope: what is shared is written there only."""
    return reaches(actor, row.division) and \
        actor.line in ("", row.line) and \
        (not actor.own or bool(actor.own & (row.owners | {row.id})))


def files(actor, row):
    """One's own level; a township also for its villages (代录)."""
    return row.filed == actor.level or (actor.level, row.filed) == (4, 5)


# What a reply to a question about one row says.
DENIED, UNKNOWN, OTHERS, WRONG_STATE, LET_IN = \
    "denied", "unknown", "others", "wrong state", "let in"


def read(actor, row):
    if not may(actor, "read", row.entity):
        return DENIED
    return LET_IN if sees(actor, row) else UNKNOWN


def change(actor, row):
    if not may(actor, "change", row.entity):
        return DENIED
    if not sees(actor, row):
        return UNKNOWN
    return LET_IN if files(actor, row) and owns(actor, row) else OTHERS


def create(actor, entity, division):
    """A row of its own in a division."""
    if not may(actor, "create", entity):
        return DENIED
    return LET_IN if reaches(actor, int(division)) else UNKNOWN


def create_below(actor, entity, parent):
    """A row that belongs to another."""
    if not may(actor, "create", entity):
        return DENIED
    return LET_IN if sees(actor, parent) else UNKNOWN


def change_in_bulk(actor, row):
    """Here what cannot be written need not be found."""
    if not may(actor, "create", row.entity):
        return DENIED
    if not sees(actor, row) or not owns(actor, row):
        return UNKNOWN
    return change(actor, row) if may(actor, "change", row.entity) else OTHERS


def above(actor, row):
    return 2 <= actor.level < row.filed


def responsible(actor):
    """For an issue that names nobody: the township or village it is in."""
    return actor.role in ("village_admin", "township_clerk", "township_lead")


def gives(actor, row, who):
    """Whether a word of a command's .who is the actor's on the row."""
    if who == "@above":
        return above(actor, row)
    if who == "@filer":
        return may(actor, "change", row.entity) and files(actor, row)
    if who == "@responsible":
        return responsible(actor)
    if who == "@acceptor":    # R-05, of what a township rectifies
        return actor.role == "lead_bureau" or \
            actor.role == "special_group" and actor.categories is not None \
            and of_category(actor, row)
    if who == "@self":
        return False          # departments only
    return who == actor.role


def move(actor, row, command):
    states, who = LIVES.get(row.entity.name, {}).get(
        command, (None, ["@filer", "@above"]))
    if not may(actor, "move", row.entity):
        return DENIED
    if not sees(actor, row):
        return UNKNOWN
    if not owns(actor, row) or not any(gives(actor, row, w) for w in who):
        return OTHERS
    return LET_IN if command == "void" and states is None or \
        states and row.state in states else WRONG_STATE


def verdict(reply):
    """The same from a reply; None: neither."""
    if reply.status == 401:
        return "nobody"
    if reply.status == 404:
        return UNKNOWN
    if reply.status in (403, 409):
        code = re.search(rb'"code":"(\w+)"', reply.body)
        return {b"denied": DENIED, b"forbidden": DENIED,
                b"other_level": OTHERS, b"who": OTHERS,
                b"state": WRONG_STATE}.get(code and code[1], code[1])
    return LET_IN if reply.status in (200, 201, 422) else None
