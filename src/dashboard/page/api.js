/** What went wrong, in words for a person, and with the daemon's code for it if it has one. */
async function problemOf(response) {
  try {
    const { code, message } = (await response.json()).error;
    return Object.assign(new Error(message), { code });
  } catch {
    return new Error(
      response.status === 403
        ? 'This page is of a daemon that has ended. `hookbus dashboard` prints the URL of the next.'
        : `the daemon answered ${response.status}`,
    );
  }
}

/** The JSON of an answer. @throws Error with words for a person */
export async function read(response) {
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

/** @throws Error with words for a person where nobody answers */
async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('The daemon does not answer. `hookbus dashboard` prints the URL of the next.');
  }
}

/** Asks for JSON; values that are empty are left out of the query. */
export async function getJson(path, query = {}, signal = undefined) {
  const given = Object.entries(query).filter(
    ([, value]) => value !== '' && value !== null && value !== undefined,
  );
  return read(await ask(`${path}?${new URLSearchParams(given)}`, { signal }));
}

export async function postJson(path, body) {
  const headers = { 'Content-Type': 'application/json' };
  return read(await ask(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}
