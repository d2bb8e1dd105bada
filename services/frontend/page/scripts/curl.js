// A request as a command for a POSIX shell.

/**
 * @param {{method?: string, url: string, headers?: Record<string, string>, body?: string}} request
 * @returns {string} a command that can be pasted as it is
 */
export function curl({ method = "GET", url, headers = {}, body }) {
  const words = ["curl", "-i"];
  const implied = body === undefined ? "GET" : "POST";
  if (method !== implied) {
    words.push("-X", quoted(method));
  }
  for (const [name, value] of Object.entries(headers)) {
    words.push("-H", quoted(`${name}: ${value}`));
  }
  if (body !== undefined) {
    // --data would read a file for a body that begins with @.
    words.push("--data-raw", quoted(body));
  }
  words.push(quoted(url));
  return words.join(" ");
}

/** One word, whatever is in it. Within single quotes a shell leaves everything alone but the quote itself. */
export function quoted(text) {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
