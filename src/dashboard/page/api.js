/** An error for a person, with the error code of the daemon if there is one. */
async function problemOf(response) {
  try {
    const { code, message } = (await response.json()).error;
    return Object.assign(new Error(message), { code });
  } catch {
    return new Error(
      response.status === 403
        ? 'The daemon of this page has stopped. Run `hookbus dashboard` and open the URL that it prints.'
        : `The daemon answered with HTTP status ${response.status}.`,
    );
  }
}

/** The JSON of a response. @throws Error with a message for a person */
export async function read(response) {
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

/** @throws Error with a message for a person if the daemon does not answer */
async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error(
      'The daemon does not answer. Run `hookbus dashboard` and open the URL that it prints.',
    );
  }
}

/** Requests JSON; omits empty values from the query. */
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
