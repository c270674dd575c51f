/**
 * Runs a function that may fail and lets no error reach the page that the
 * widget is a guest of. The page's own error reporting hears nothing of us.
 */
export function safe<A extends unknown[]>(fn: (...args: A) => unknown): (...args: A) => void {
  return (...args) => {
    try {
      const result = fn(...args);
      if (result instanceof Promise) result.catch(ignore);
    } catch {
      // Nothing that the page could do about it.
    }
  };
}

export function ignore(): void {}
