// A front end's day through a client that is generated from the document:
// signs in, lists, creates, changes, meets a conflict, gives a command, reads
// problems and takes a file. usage: node day.js URL LOGIN PASSWORD
import createClient from "openapi-fetch";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { components, paths } from "./schema.js";

type Issue = components["schemas"]["issue"];
type Problem = components["schemas"]["Problem"];

const [url, login, password] = process.argv.slice(2);
assert(url !== undefined && login !== undefined && password !== undefined);

const api = createClient<paths>({ baseUrl: url });
let token = "";
api.use({
  onRequest({ request }) {
    if (token !== "") request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
});

// What a caller does with any refusal: the code is for it, the faults for the
// form, the sentence for the person.
function refused(problem: Problem | undefined, code: string): Problem {
  assert(problem !== undefined, `expected ${code}`);
  assert.equal(problem.code, code);
  assert(problem.detail.length > 0);
  return problem;
}

async function signIn(): Promise<void> {
  const wrong = await api.POST("/v1/sessions", {
    body: { login: login!, password: "not this" },
  });
  refused(wrong.error, "login_failed");
  const { data, error } = await api.POST("/v1/sessions", {
    body: { login: login!, password: password! },
  });
  assert(data !== undefined, JSON.stringify(error));
  token = data.token;
  const me = await api.GET("/v1/me");
  assert(me.data !== undefined);
  assert.equal(me.data.login, login);
}

async function create(): Promise<{ issue: Issue; etag: string }> {
  const bad = await api.POST("/v1/issues", {
    // An empty description: the compiler cannot know.
    body: { category: "Y-5", description: "" },
  });
  const faults = refused(bad.error, "invalid").faults;
  assert(faults.some((f) => f.pointer === "/description"));
  const key = randomUUID();
  const body: components["schemas"]["issueNew"] = {
    category: "Y-5",
    description: "某村冷库2023年建成后闲置",
    goal: "恢复运营",
    leader_name: "张三",
    person_name: "李四",
  };
  const send = () =>
    api.POST("/v1/issues", {
      body,
      params: { header: { "Idempotency-Key": key } },
    });
  const made = await send();
  assert(made.data !== undefined, JSON.stringify(made.error));
  const again = await send();
  assert.equal(again.data?.id, made.data.id);
  return { issue: made.data, etag: made.response.headers.get("ETag")! };
}

async function change(id: string, etag: string): Promise<string> {
  const params = (tag: string) => ({
    path: { id },
    header: { "If-Match": tag },
  });
  const first = await api.PATCH("/v1/issues/{id}", {
    params: params(etag),
    body: { goal: "六月底前恢复运营" },
  });
  assert(first.data !== undefined, JSON.stringify(first.error));
  assert.equal(first.data.goal, "六月底前恢复运营");
  const next = first.response.headers.get("ETag")!;
  assert.notEqual(next, etag);
  const stale = await api.PATCH("/v1/issues/{id}", {
    params: params(etag),
    body: { goal: "七月底前恢复运营" },
  });
  assert.equal(stale.response.status, 412);
  refused(stale.error, "stale");
  // Read again, and go on from what is there now.
  const now = await api.GET("/v1/issues/{id}", { params: { path: { id } } });
  assert.equal(now.data?.goal, "六月底前恢复运营");
  assert.equal(now.response.headers.get("ETag"), next);
  return next;
}

async function list(id: string): Promise<void> {
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await api.GET("/v1/issues", {
      params: {
        query: {
          state: "found,assigned",
          created_at_from: "2020-01-01T00:00:00Z",
          sort: "-created_at",
          limit: 2,
          count: true,
          ...(cursor === undefined ? {} : { cursor }),
        },
      },
    });
    // A list may also be a file: that is a text.
    assert(
      page.data !== undefined && typeof page.data !== "string",
      JSON.stringify(page.error),
    );
    assert((page.data.count ?? 0) >= 1);
    for (const row of page.data.items) seen.add(row.id!);
    cursor = page.data.next ?? undefined;
  } while (cursor !== undefined);
  assert(seen.has(id));
  const wrong = await api.GET("/v1/issues", {
    params: { query: { limit: 1000 } },
  });
  assert.equal(refused(wrong.error, "invalid").faults[0]?.pointer, "?limit");
}

async function command(id: string): Promise<void> {
  const now = await api.GET("/v1/issues/{id}", { params: { path: { id } } });
  assert(now.data?.may?.includes("assign"), JSON.stringify(now.data?.may));
  const done = await api.POST("/v1/issues/{id}/assign", {
    params: { path: { id } },
    body: {
      responsible_subject_kind: "township",
      responsible_org: "镇人民政府",
      due_on: "2023-06-15",
    },
  });
  assert(done.data !== undefined, JSON.stringify(done.error));
  assert.equal(done.data.state, "assigned");
  const wrong = await api.POST("/v1/issues/{id}/reopen", {
    params: { path: { id } },
    body: { reason: "再看一次" },
  });
  assert(wrong.error !== undefined && wrong.response.status >= 400);
}

async function file(): Promise<void> {
  const csv = await api.GET("/v1/issues", {
    params: { query: { format: "csv" } },
    parseAs: "text",
  });
  const text: unknown = csv.data;
  assert(typeof text === "string");
  const lines = text.replace(/^\uFEFF/, "").trim().split("\r\n");
  assert(lines.length >= 2 && lines[0]!.includes(","), lines[0]);
  assert.match(csv.response.headers.get("Content-Type") ?? "", /^text\/csv/);
}

await signIn();
const { issue, etag } = await create();
await list(issue.id!);
await change(issue.id!, etag);
await command(issue.id!);
await file();
const out = await api.DELETE("/v1/sessions/current");
assert.equal(out.response.status, 204);
const after = await api.GET("/v1/me");
assert.equal(after.response.status, 401);
refused(after.error, "unauthenticated");
console.log("the day is over");
