// Commands are run by a real shell: what curl would get is what was meant.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";

import { curl, quoted } from "../scripts/curl.js";

/** The words that a shell makes of a command. */
function words(command) {
  return execFileSync("/bin/sh", ["-c", `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }; ${command}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
}

test("each text is one word, whatever is in it", () => {
  for (const text of ["plain", "", "two words", "it's", "'", "''", "$HOME `id` \\ \"", "a\nb", "*?[]{}~!#&;|<>()", "-n", "é✓", "@file"]) {
    assert.deepEqual(words(`curl ${quoted(text)}`), [text], JSON.stringify(text));
  }
});

test("a greeting", () => {
  assert.equal(curl({ url: "http://localhost:8080/" }), "curl -i http://localhost:8080/");
});

test("headers and a body", () => {
  const command = curl({ method: "POST", url: "http://x/login", headers: { "content-type": "application/json" }, body: '{"password":"it\'s"}' });
  assert.deepEqual(words(command), ["-i", "-H", "content-type: application/json", "--data-raw", '{"password":"it\'s"}', "http://x/login"]);
});

test("the method is named where curl would take another", () => {
  assert.deepEqual(words(curl({ method: "POST", url: "http://x/" })), ["-i", "-X", "POST", "http://x/"]);
  assert.deepEqual(words(curl({ method: "PUT", url: "http://x/", body: "" })), ["-i", "-X", "PUT", "--data-raw", "", "http://x/"]);
});
