// A strict stand-in for what a WeChat mini-program has: wx.request and
// wx.uploadFile with their limits. Whatever the real one refuses throws here.
import http from "node:http";

const METHODS = ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE",
  "CONNECT"];
const CONCURRENT = 10;
let running = 0;
let most = 0;

function headers(given) {
  const out = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    if (/^referer$/i.test(name))
      throw new Error("wx: the header Referer cannot be set");
    if (typeof value !== "string")
      throw new Error(`wx: header ${name} is not a string`);
    out[name.toLowerCase()] = value;
  }
  out.referer = "https://servicewechat.com/wx0000000000000000/devtools/page-frame.html";
  return out;
}

function send(url, method, head, body, timeout) {
  if (running >= CONCURRENT)
    throw new Error("wx: more than ten requests at once");
  most = Math.max(most, ++running);
  return new Promise((resolve, reject) => {
    const req = http.request(url, { method, headers: head, timeout }, (res) => {
      const parts = [];
      res.on("data", (part) => parts.push(part));
      res.on("end", () => {
        running--;
        resolve({ statusCode: res.statusCode, header: res.headers,
          text: Buffer.concat(parts).toString() });
      });
    });
    req.on("timeout", () => req.destroy(new Error("request:fail timeout")));
    req.on("error", (e) => { running--; reject(e); });
    req.end(body);
  });
}

export async function request({ url, method = "GET", data, header,
  timeout = 60000, dataType = "json", ...unknown }) {
  if (Object.keys(unknown).length > 0)
    throw new Error(`wx.request has no ${Object.keys(unknown)}`);
  if (!METHODS.includes(method))
    throw new Error(`wx.request: method ${method} is not supported`);
  const head = { "content-type": "application/json", ...headers(header) };
  let body;
  if (method === "GET" && data !== undefined) {
    const query = new URLSearchParams(data).toString();
    url += (url.includes("?") ? "&" : "?") + query;
  } else if (data !== undefined) {
    body = typeof data === "string" ? data : JSON.stringify(data);
    head["content-length"] = String(Buffer.byteLength(body));
  } else if (method === "POST" || method === "PUT") {
    head["content-length"] = "0";
  }
  const got = await send(url, method, head, body, timeout);
  let parsed = got.text;
  if (dataType === "json")
    try { parsed = JSON.parse(got.text); } catch { /* left as it is */ }
  return { statusCode: got.statusCode, header: got.header, data: parsed };
}

// A POST of multipart/form-data, and nothing else; data comes back as text.
export async function uploadFile({ url, filePath, name, header, formData = {},
  timeout = 60000, content }) {
  if (!filePath || !name) throw new Error("wx.uploadFile: filePath and name");
  const mark = "----wx" + Math.random().toString(36).slice(2);
  const head = headers(header);
  delete head["content-type"];
  head["content-type"] = `multipart/form-data; boundary=${mark}`;
  const parts = Object.entries(formData).map(([k, v]) =>
    `--${mark}\r\nContent-Disposition: form-data; name="${k}"\r\n\r\n${v}\r\n`);
  const file = `--${mark}\r\nContent-Disposition: form-data; name="${name}"; ` +
    `filename="${filePath.split("/").pop()}"\r\n` +
    "Content-Type: image/jpeg\r\n\r\n";
  const body = Buffer.concat([Buffer.from(parts.join("") + file), content,
    Buffer.from(`\r\n--${mark}--\r\n`)]);
  head["content-length"] = String(body.length);
  const got = await send(url, "POST", head, body, timeout);
  return { statusCode: got.statusCode, data: got.text };
}

export const mostAtOnce = () => most;
