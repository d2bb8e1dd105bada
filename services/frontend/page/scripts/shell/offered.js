// What this frontend does not offer is not shown: with FRONTEND_WHOAMI=false, /whoami is 404.

const OPTIONAL = ["/whoami"];

/** Asks for each optional path, and removes what is marked with `data-path` where the answer is 404. */
export function removeUnoffered() {
  return Promise.all(OPTIONAL.map(removeIfMissing));
}

async function removeIfMissing(path) {
  const answer = await fetch(path, { method: "HEAD", cache: "no-store", credentials: "omit" }).catch(() => null);
  // Any other answer, and none, may be a fault that passes.
  if (answer?.status === 404) {
    document.querySelectorAll(`[data-path="${path}"]`).forEach((element) => element.remove());
  }
}
