/** The breakers of hooks that failed too often at least once. */
export const breakers = `
CREATE TABLE breakers (
  hook_name   TEXT PRIMARY KEY,
  state       TEXT NOT NULL,
  runs        INTEGER NOT NULL,
  failures    INTEGER NOT NULL,
  opened_at   TEXT NOT NULL,
  until       TEXT NOT NULL,
  closed_at   TEXT
);
`;
