import { spawn } from 'node:child_process';

/**
 * Listens on loopback, starts a client, and prints its result as JSON once it has ended. It kills a client that hangs,
 * so that the test fails with a reason.
 * @param server the stub of its model's API
 * @param script `client`, `args`, `cwd` and `env`; 127.0.0.1:PORT in arguments and variables is the server
 * @param maxMs a client that takes longer hangs
 * @param seen what the server received; it is printed too
 */
export function runClient(server, { client, args, cwd, env }, maxMs, seen) {
  server.listen(0, '127.0.0.1', () => {
    const withPort = (text) =>
      text.replaceAll('127.0.0.1:PORT', `127.0.0.1:${server.address().port}`);
    const variables = Object.entries(env).map(([name, value]) => [name, withPort(value)]);
    const child = spawn(client, args.map(withPort), {
      cwd,
      env: Object.fromEntries(variables),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = () => child.kill('SIGKILL');
    const deadline = setTimeout(end, maxMs);
    process.once('SIGTERM', end);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      server.close();
      server.closeAllConnections();
      process.stdout.write(JSON.stringify({ code, signal, stdout, stderr, ...seen }));
    });
  });
}
