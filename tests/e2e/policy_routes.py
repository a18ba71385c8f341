"""Who may ask what is no row's, said a second time as policy.py says it for
rows (domain.md 5.1, 5.2; sync-and-security.md 4.2): what test_matrix_routes.py
expects."""
import policy
from policy import DENIED, LET_IN, UNKNOWN

# anybody: no identity; person: whoever has signed in; person!: also who must
# first change the password; configure, secure, audit, agent: those alone;
# group:verb: the roles of GROUPS or, for groups of rows, of policy.py. After
# it, what the path names. +app: applications and agents too.
ROUTES = """
GET    /healthz                          anybody
GET    /readyz                           anybody
GET    /metrics                          anybody
GET    /v1/openapi.json                  anybody
POST   /v1/sessions                      anybody
POST   /v1/sessions/oidc                 anybody
POST   /v1/sessions/oidc/start           anybody
POST   /v1/sessions/wechat               anybody
POST   /v1/token                         anybody
GET    /v1/me                            person!+app
PUT    /v1/me/password                   person!
POST   /v1/me/totp                       person!
POST   /v1/me/totp/confirm               person!
GET    /v1/me/identities                 person
POST   /v1/me/identities                 person
DELETE /v1/me/identities/{provider}      person        nothing
GET    /v1/sessions                      person
DELETE /v1/sessions/current              person!+app
DELETE /v1/sessions/{id}                 person        nothing
GET    /v1/roles                         person
GET    /v1/code-sets                     person+app
GET    /v1/explain                       person
PUT    /v1/roles/{code}                  secure        installation
POST   /v1/actions                       configure
POST   /v1/divisions:bulk                configure
POST   /v1/divisions:reorganise          configure
GET    /v1/reorganisations               configure
POST   /v1/orgs                          configure
POST   /v1/ledger-templates              configure
GET    /v1/bindings                      configure
POST   /v1/bindings                      configure
POST   /v1/bindings/{id}/revoke          configure     binding
GET    /v1/clients                       secure
POST   /v1/clients                       secure
PUT    /v1/clients/{id}                  secure        client
DELETE /v1/clients/{id}                  secure        client
POST   /v1/clients/{id}/secret           secure        client
GET    /v1/audit-passes                  secure
POST   /v1/audit-passes                  secure
DELETE /v1/audit-passes/{id}             secure        pass
GET    /v1/users                         secure
POST   /v1/users                         secure
DELETE /v1/users/{id}/totp               secure        user
POST   /v1/sessions/view                 secure
GET    /v1/privacy/parameters            secure
PUT    /v1/privacy/parameters/{name}     secure        installation
GET    /v1/audit                         audit
GET    /v1/audit/heads                   audit
GET    /v1/audit/{id}                    audit         event
GET    /v1/sync/binding                  agent
GET    /v1/sync/ledgers                  agent
GET    /v1/sync/templates/{code}         agent
POST   /v1/sync/ledgers/{id}/exports     agent         ledger
GET    /v1/sync/exports/{id}             agent         export
PUT    /v1/sync/batches/{key}            agent
POST   /v1/sync/files                    agent
POST   /v1/sync/conflicts/{id}/resolve   agent         conflict
GET    /v1/sync/files                    files:read
GET    /v1/actions                       action:read
GET    /v1/actions/{code}                action:read   action
GET    /v1/divisions                     division:read
GET    /v1/divisions/{code}              division:read division
GET    /v1/orgs                          org_unit:read
GET    /v1/changes                       rows:read+app
GET    /v1/conflicts                     issue:read
GET    /v1/conflicts/{id}                issue:read    conflict
POST   /v1/conflicts/{id}/resolve        issue:change  conflict
GET    /v1/requests                      issue:read
GET    /v1/findings                      issue:read
GET    /v1/webhooks                      webhook:read
POST   /v1/webhooks                      webhook:create
GET    /v1/webhooks/{id}                 webhook:read  webhook
PATCH  /v1/webhooks/{id}                 webhook:read  webhook
DELETE /v1/webhooks/{id}                 webhook:read  webhook
POST   /v1/webhooks/{id}/rotate          webhook:create webhook
GET    /v1/webhooks/{id}/deliveries      webhook:read  webhook
POST   /v1/webhooks/{id}/replay          webhook:read  webhook
"""
# Places and actions are common knowledge; changes are told and explained to
# the county and above, and who administers the system may silence them.
ROWS = {r for r in policy.PERMITS if any(policy.PERMITS[r].values())
        and r not in policy.ADMINISTRATORS}
FOLLOWS = {"lead_bureau", "task_force", "county_authority", "pref_dept",
           "pref_task_force", "province"}
GROUPS = {"division:read": ROWS | policy.ADMINISTRATORS,
          "action:read": ROWS | policy.ADMINISTRATORS,
          "org_unit:read": ROWS | policy.ADMINISTRATORS,
          "files:read": {"sysadmin"} | {
              r for r in ROWS if "read" in policy.PERMITS[r]["issue"]},
          "rows:read": ROWS | policy.ADMINISTRATORS,
          "webhook:read": FOLLOWS | {"sysadmin"}, "webhook:create": FOLLOWS}
EXPLAINS = FOLLOWS | {"auditor"}
# Of accountability nothing is masked to who sees it at all.
UNMASKS = {"lead_bureau", "task_force", "auditor", "discipline"}
ERASES = {"township_lead", "lead_bureau"}
NO_ACCEPTANCES = {"helper"}
HOLDERS = {"configure": {"sysadmin"}, "secure": {"security_admin"},
           "audit": {"audit_admin", "auditor"}, "agent": {"sheet_agent"}}


class Route:
    def __init__(self, line):
        self.method, self.path, who, *names = line.split()
        self.who, _, app = who.partition("+")
        self.app, self.names = bool(app), names[0] if names else None
        self.unready = self.who.endswith("!")
        self.who = self.who.rstrip("!")


DECLARED = [Route(x) for x in ROUTES.strip().split("\n")]


def let_in(actor, route):
    """Whether it is the actor's to ask at all."""
    if route.who == "anybody":
        return True
    if actor.role == "sheet_agent":
        return route.who == "agent" or route.app and route.who == "person"
    if actor.scopes is not None and not route.app and (
            ":" not in route.who or not policy.scoped(
                actor, *reversed(route.who.split(":")))):
        return False
    if route.who == "person":
        return True
    if route.who in HOLDERS:
        return actor.role in HOLDERS[route.who]
    group, verb = route.who.split(":")
    return actor.role in GROUPS[route.who] if route.who in GROUPS else \
        verb in policy.PERMITS[actor.role].get(group, ())


def asks(actor, route, thing=None):
    """thing: what the path names, with its place."""
    if not let_in(actor, route):
        return DENIED
    if route.names is None:
        return LET_IN
    if route.names == "nothing":
        return UNKNOWN
    if route.names == "installation":
        return LET_IN if actor.division == 0 else DENIED
    return LET_IN if knows(actor, route, thing) else UNKNOWN


def knows(actor, route, thing):
    if route.names == "action" and actor.action not in (None, thing.action):
        return False
    if route.names in ("division", "action"):
        return policy.reaches(actor, thing.division) or policy.inside(
            policy.lowest(actor), thing.division)
    if route.names == "conflict":
        return policy.sees(actor, thing)
    if route.names == "webhook" and actor.line:
        return False          # those of the tests are of no line
    return policy.reaches(actor, thing.division)
