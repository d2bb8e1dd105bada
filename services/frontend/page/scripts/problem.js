// What an answer that is no success says about itself (RFC 9457), or what can be said about it.

/** One line for people. */
export function explained({ status, statusText, text, error, headers = [] }) {
  if (status === 0) {
    return error ?? "no answer";
  }
  const problem = parsed(text, headers);
  const title = textOf(problem?.title) || statusText || `status ${status}`;
  const detail = textOf(problem?.detail);
  return detail ? `${title}: ${detail}` : title;
}

/** The JSON of a body that is labelled as JSON of any kind; null if it is none. */
export function parsed(text, headers) {
  const type = headers.find(([name]) => name === "content-type")?.[1] ?? "";
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    return null;
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The body for people: JSON with line breaks, anything else as it came. */
export function pretty(text, headers) {
  const value = parsed(text, headers);
  return value === null ? text : JSON.stringify(value, null, 2);
}

function textOf(value) {
  return typeof value === "string" ? value : "";
}
