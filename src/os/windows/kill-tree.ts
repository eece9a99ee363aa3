import { execFile } from 'node:child_process';
import { win32 } from 'node:path';

/** Ends a process on Windows and all that descend from it; resolves when the system has done so. Never throws. */
export function killTree(pid: number): Promise<void> {
  const system = process.env['SystemRoot'] ?? 'C:\\Windows';
  // By its path, because any directory of PATH could have another one.
  const program = win32.join(system, 'System32', 'taskkill.exe');
  return new Promise((resolve) => {
    execFile(program, ['/PID', String(pid), '/T', '/F'], { windowsHide: true }, (error) => {
      if (error !== null) endAlone(pid);
      resolve();
    });
  });
}

function endAlone(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // It has exited meanwhile.
  }
}
