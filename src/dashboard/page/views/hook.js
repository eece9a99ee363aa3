/** The view of one hook: `params.subject` is its name, `params.event` one of its events. */
export function show() {}

export function hide() {}
