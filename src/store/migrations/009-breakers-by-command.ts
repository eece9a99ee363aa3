/** Breakers go by name and command. Those of a name alone are closed by this: nobody knows whose they were. */
export const breakersByCommand = `
DROP TABLE breakers;
CREATE TABLE breakers (
  hook_name   TEXT NOT NULL,
  command     TEXT NOT NULL,
  state       TEXT NOT NULL,
  runs        INTEGER NOT NULL,
  failures    INTEGER NOT NULL,
  opened_at   TEXT NOT NULL,
  until       TEXT NOT NULL,
  closed_at   TEXT,
  PRIMARY KEY (hook_name, command)
);
`;
