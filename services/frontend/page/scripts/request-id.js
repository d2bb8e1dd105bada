// Names for our requests. They are ours so that a request without an answer can be found in the logs, too.

const page = hex(crypto.getRandomValues(new Uint8Array(5)));
let count = 0;

/** Letters, digits and hyphens: the services keep such a name as it is. */
export function requestId() {
  count += 1;
  return `page-${page}-${count}`;
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
