// The pages on which people sign in, in Chromium, light and dark, with the keyboard alone.
//
//   node pages.mjs PROGRAM CHROMIUM FOLDER     FOLDER gets a picture of each page
//
// Starts PROGRAM's `serve` itself, with a provider of its own beside it. Each page must be readable
// (contrast, labels, one heading, no sideways scrolling), must show where the focus is, and must
// break none of its own rules about what may be loaded.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [program, browserPath, folder] = process.argv.slice(2);
const PASSWORD = "a long enough password";
const LEAST_CONTRAST = 4.5;

// --- What stands around the pages ---------------------------------------------------------------

async function listen(handler) {
  const server = createServer(handler);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

/// An OpenID provider that knows one person and asks them nothing.
async function startProvider() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const asked = {};
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const provider = await listen((request, response) => {
    const url = new URL(request.url, provider.url);
    const json = (value) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(value));
    };
    if (url.pathname === "/.well-known/openid-configuration") {
      return json({
        issuer: provider.url,
        authorization_endpoint: `${provider.url}/authorize`,
        token_endpoint: `${provider.url}/token`,
        jwks_uri: `${provider.url}/keys`,
      });
    }
    if (url.pathname === "/keys") {
      return json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one" }] });
    }
    if (url.pathname === "/authorize") {
      asked.nonce = url.searchParams.get("nonce");
      const back = new URL(url.searchParams.get("redirect_uri"));
      back.search = new URLSearchParams({ code: "c", state: url.searchParams.get("state") });
      return response.writeHead(303, { location: back.href }).end();
    }
    const now = Math.floor(Date.now() / 1000);
    const text = [
      part({ alg: "EdDSA", kid: "one" }),
      part({
        iss: provider.url, sub: "7", aud: "pages", iat: now, exp: now + 60, nonce: asked.nonce,
        email: "kim@example.com", email_verified: true,
      }),
    ].join(".");
    const signature = sign(null, Buffer.from(text), privateKey).toString("base64url");
    return json({ access_token: "unused", token_type: "Bearer", id_token: `${text}.${signature}` });
  });
  return provider;
}

/// The product; gives its address and the link for the first account.
async function startProduct(issuer) {
  const data = mkdtempSync(join(tmpdir(), "pilothouse-pages-"));
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--data", data], {
    env: {
      PILOTHOUSE_AUTO_APPROVE: "all",
      PILOTHOUSE_OPENID_ISSUER: issuer,
      PILOTHOUSE_OPENID_CLIENT_ID: "pages",
      PILOTHOUSE_OPENID_LABEL: "Example",
      PILOTHOUSE_SIGN_IN_ACCOUNTS: "@example.com",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const setup = await new Promise((found, failed) => {
    child.on("exit", () => failed(new Error(`serve ended: ${said}`)));
    child.stderr.on("data", (text) => {
      said += text;
      if (said.includes("Pilothouse serves")) {
        found(readFileSync(join(data, "setup.url"), "utf8").trim());
      }
    });
  });
  const stop = () => {
    child.removeAllListeners("exit");
    child.on("exit", () => rmSync(data, { recursive: true, force: true }));
    child.kill();
  };
  const base = new URL(setup).origin;
  await makeAccount(base, data);
  return { base, setup, stop };
}

/// `acme/ci`, a service account whose secret ends soon.
async function makeAccount(base, data) {
  const [name, version] = ["infra_create", "2026-07-28"];
  const answer = await fetch(`${base}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${readFileSync(join(data, "admin.token"), "utf8").trim()}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": version,
      "mcp-method": "tools/call",
      "mcp-name": name,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name,
        arguments: { resource_type: "tharsis.group", body: { name: "acme" } },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": version,
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
  const create = ["accounts", "service", "create", "acme/ci", "--days", "2"];
  execFileSync(program, ["--data", data, ...create]);
}

// --- What every page must be --------------------------------------------------------------------

/// Runs in the page: what is wrong with it.
function problemsOfPage(leastContrast) {
  const problems = [];
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own && element.tagName !== "INPUT") continue;
    const [one, other] = [getComputedStyle(element).color, behind(element)].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < leastContrast) {
      problems.push(`contrast ${contrast.toFixed(2)} of ${element.outerHTML.slice(0, 80)}`);
    }
  }
  for (const input of document.querySelectorAll("input:not([type=hidden])")) {
    if (!input.labels.length) problems.push(`no label: ${input.outerHTML}`);
  }
  if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1");
  if (!document.documentElement.lang) problems.push("no language");
  if (!document.querySelector("main")) problems.push("no main");
  if (document.documentElement.scrollWidth > innerWidth) problems.push("scrolls sideways");
  return problems;
}

class Visitor {
  constructor(page, scheme, base) {
    Object.assign(this, { page, scheme, base, seen: 0 });
    page.on("console", (message) => {
      const text = message.text();
      // Pages that refuse something have such a status.
      if (message.type() === "error" && !text.includes("status of 4")) this.broken(text);
    });
    page.on("pageerror", (error) => this.broken(String(error)));
  }

  broken(text) {
    throw new Error(`${this.scheme}, ${this.page.url()}: ${text}`);
  }

  /// The page with this heading is here, is as it must be, and gets its picture.
  async sees(heading, name) {
    await this.page.waitForFunction(
      (text) => document.querySelector("h1")?.textContent === text, heading, { timeout: 10_000 },
    );
    for (const width of [320, 800]) {
      await this.page.setViewportSize({ width, height: 700 });
      const problems = await this.page.evaluate(problemsOfPage, LEAST_CONTRAST);
      assert.deepEqual(problems, [], `${this.scheme}, ${name}, ${width} wide`);
    }
    await this.page.screenshot({ path: join(folder, `${this.scheme}-${name}.png`) });
    this.seen += 1;
  }

  /// Moves with the Tab key to the control with this name, and sees that it is there.
  async reaches(name) {
    for (let step = 0; step < 20; step += 1) {
      const found = await this.page.evaluate(() => {
        const at = document.activeElement;
        const outline = getComputedStyle(at).outlineStyle;
        return { name: at.labels?.[0]?.textContent ?? at.textContent.trim(), outline };
      });
      if (found.name === name) {
        assert.notEqual(found.outline, "none", `${name} does not show that it has the focus`);
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`${this.scheme}, ${this.page.url()}: the Tab key does not reach ${name}`);
  }

  async types(field, text) {
    await this.reaches(field);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }

  async presses(name) {
    await this.reaches(name);
    await this.page.keyboard.press("Enter");
  }

  /// Sends the form that the focus is in, and waits for what comes of it.
  async enters() {
    const answered = this.page.waitForEvent("load");
    await this.page.keyboard.press("Enter");
    await answered;
  }

  async goes(path) {
    await this.page.goto(new URL(path, this.base).href);
  }
}

// --- The visit ----------------------------------------------------------------------------------

async function signsIn(visitor, password) {
  await visitor.types("Name", "jo");
  await visitor.types("Password", password);
  await visitor.enters();
}

async function setsUp(visitor, setup) {
  await visitor.goes(setup);
  await visitor.sees("Welcome", "setup");
  await visitor.types("Name", "jo");
  await visitor.types("Password", "short");
  await visitor.presses("Make the account");
  await visitor.sees("Welcome", "setup-short");
  await visitor.types("Password", PASSWORD);
  await visitor.page.keyboard.press("Enter");
  await visitor.sees("Console", "console-ending");
  const told = await visitor.page.textContent("main");
  assert.ok(told.includes("pilothouse accounts service rotate acme/ci"), told);
  await keepsCurrent(visitor);
  await visitor.presses("Sign out");
  await visitor.sees("Signed out", "signed-out");
  await visitor.goes(setup);
  await visitor.sees("Too late", "setup-used");
}

/// The console asks for its changing part again, and shows what it gets.
async function keepsCurrent(visitor) {
  const asked = visitor.page.waitForResponse((it) => it.request().headers()["hx-request"] === "true");
  await visitor.page.evaluate(() => {
    document.querySelector("#endings").textContent = "";
    htmx.trigger("#endings", "refresh");
  });
  assert.equal((await asked).status(), 200);
  await visitor.page.waitForFunction(
    () => document.querySelector("#endings").textContent.includes("acme/ci"), null, { timeout: 10_000 },
  );
}

async function consents(visitor, callback) {
  const registered = await fetch(`${visitor.base}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Editor", redirect_uris: [`${callback}/callback`] }),
  });
  const { client_id } = await registered.json();
  const asked = (change) => "/oauth/authorize?" + new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: `${callback}/callback`,
    scope: "mcp:read mcp:write",
    resource: `${visitor.base}/mcp`,
    state: "s",
    code_challenge: createHash("sha256").update("x".repeat(43)).digest("base64url"),
    code_challenge_method: "S256",
    ...change,
  });
  await visitor.goes(asked({}));
  await visitor.sees("Sign in", "sign-in");
  await signsIn(visitor, "a wrong password");
  await visitor.page.waitForSelector("[role=alert]");
  await visitor.sees("Sign in", "sign-in-wrong");
  await signsIn(visitor, PASSWORD);
  await visitor.sees("Allow access?", "consent");
  for (const [answer, expected] of [["Deny", "error=access_denied"], ["Allow", "code="]]) {
    await visitor.goes(asked({}));
    await visitor.sees("Allow access?", "consent");
    await visitor.presses(answer);
    await visitor.page.waitForURL((url) => url.origin === callback);
    assert.ok(visitor.page.url().includes(expected), visitor.page.url());
  }
  await visitor.goes(asked({ client_id: "unknown" }));
  await visitor.sees("This does not work", "unknown-client");
}

async function comesFromProvider(visitor) {
  await visitor.goes("/console");
  await visitor.presses("Sign out");
  await visitor.sees("Signed out", "signed-out");
  await visitor.goes("/console");
  await visitor.presses("Sign in with Example");
  await visitor.sees("Console", "console");
  const text = await visitor.page.textContent("main");
  assert.ok(text.includes("kim@example.com"), text);
}

async function isLockedOut(visitor) {
  await visitor.presses("Sign out");
  await visitor.sees("Signed out", "signed-out");
  await visitor.goes("/oauth/sign-in");
  let said = "";
  // The waits double, so they outgrow even a slow machine's attempts.
  for (let attempt = 0; attempt < 15 && !said.includes("Too many attempts"); attempt += 1) {
    await signsIn(visitor, "a wrong password");
    said = await visitor.page.textContent("[role=alert]");
  }
  assert.ok(said.includes("Too many attempts"), said);
  await visitor.sees("Sign in", "sign-in-locked");
}

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const provider = await startProvider();
const client = await listen((_request, response) => response.end("back at the client"));
try {
  for (const scheme of ["light", "dark"]) {
    const product = await startProduct(provider.url);
    try {
      const context = await browser.newContext({ colorScheme: scheme });
      const visitor = new Visitor(await context.newPage(), scheme, product.base);
      await setsUp(visitor, product.setup);
      await consents(visitor, client.url);
      await comesFromProvider(visitor);
      await isLockedOut(visitor);
      await context.close();
      console.log(`pages, ${scheme}: ${visitor.seen} looked at`);
    } finally {
      product.stop();
    }
  }
} finally {
  await browser.close();
  provider.server.close();
  client.server.close();
}
