/** Breakers belong to a name and a command. This closes those that only have a name, since their hook is not known. */
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
