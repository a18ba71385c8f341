// A township clerk's day in a mini-program: only what wx.request can do.
// usage: node day.js URL LOGIN PASSWORD PICTURE
import assert from "node:assert/strict";
import fs from "node:fs";
import * as wx from "./wx.js";

const [base, login, password, picture] = process.argv.slice(2);
let token = "";

async function call(method, path, data, header = {}) {
  const r = await wx.request({ url: base + path, method, data,
    header: token ? { Authorization: `Bearer ${token}`, ...header } : header });
  return r;
}
const good = (r, status) => {
  assert.equal(r.statusCode, status, JSON.stringify(r.data));
  return r.data;
};
const over = (method, path, data, header) =>
  call("POST", path, data, { "X-HTTP-Method-Override": method, ...header });

// What the real one would not send is not sent here.
await assert.rejects(call("PATCH", "/v1/me"), /not supported/);
await assert.rejects(call("GET", "/v1/me", undefined, { Referer: "x" }),
  /cannot be set/);

token = good(await call("POST", "/v1/sessions", { login, password }), 201).token;
const me = good(await call("GET", "/v1/me"), 200);
assert.equal(me.login, login);

// Ten pages at once, as a front page does.
const pages = await Promise.all(Array.from({ length: 10 }, () =>
  call("GET", "/v1/issues", { limit: 5, sort: "-created_at" })));
pages.forEach((p) => good(p, 200));
assert.equal(wx.mostAtOnce(), 10);

const key = `${Date.now()}-1`;
const found = { category: "Y-5", description: "某村冷库2023年建成后闲置",
  leader_name: "张三", person_name: "李四" };
const issue = good(await call("POST", "/v1/issues", found,
  { "Idempotency-Key": key }), 201);
// The network was bad, and it is sent again.
assert.equal(good(await call("POST", "/v1/issues", found,
  { "Idempotency-Key": key }), 201).id, issue.id);
const at = `/v1/issues/${issue.id}`;

// A change: PATCH, which there is not.
assert.equal((await over("PATCH", at, { goal: "恢复运营" })).statusCode, 428);
const changed = good(await over("PATCH", at, { goal: "恢复运营" },
  { "If-Match": `"${issue.rev}"` }), 200);
assert.equal(changed.goal, "恢复运营");
const stale = await over("PATCH", at, { goal: "别的" },
  { "If-Match": `"${issue.rev}"` });
assert.equal(stale.statusCode, 412);
assert.equal(stale.data.code, "stale");
// The override is authorised as what it stands for, and on POST only.
assert.equal((await over("PATCH", "/v1/me", {})).statusCode, 405);
assert.equal((await over("GET", at, {})).statusCode, 400);
assert.equal((await call("GET", at, undefined,
  { "X-HTTP-Method-Override": "DELETE" })).statusCode, 400);

// Commands are POST anyway.
const assigned = good(await call("POST", `${at}/assign`, {
  responsible_subject_kind: "township", responsible_org: "镇人民政府",
  due_on: "2023-06-15" }), 200);
assert.equal(assigned.state, "assigned");
assert(assigned.may.length > 0);
good(await call("POST", `${at}/progress`, { text: "已联系承租方" }), 201);

// A picture of the place, and it as evidence.
const up = await wx.uploadFile({ url: `${base}/v1/attachments`,
  filePath: "wxfile://tmp_现场.jpg", name: "file",
  content: fs.readFileSync(picture), formData: { note: "现场" },
  header: { Authorization: `Bearer ${token}` } });
assert.equal(up.statusCode, 201, up.data);
const file = JSON.parse(up.data);
good(await call("POST", `${at}/evidence`, { kind: "photo", title: "现场照片",
  attachment_id: file.id }), 201);
const shown = good(await call("GET", `${at}/evidence`), 200);
assert(shown.items.some((i) => i.attachment_id === file.id));

// A form that is not filled in says all of it at once.
const bad = await call("POST", "/v1/issues", { source_year: "x", due_on: 5 });
assert.equal(bad.statusCode, 422);
assert(bad.data.faults.length >= 3 && bad.data.faults.every((f) => f.zh));

// The end: DELETE is there, and as an override, too.
good(await over("DELETE", "/v1/sessions/current", {}), 204);
assert.equal((await call("GET", "/v1/me")).statusCode, 401);
token = good(await call("POST", "/v1/sessions", { login, password }), 201).token;
good(await call("DELETE", "/v1/sessions/current"), 204);
console.log("the day is over");
