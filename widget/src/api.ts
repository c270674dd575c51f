/** The server answered, and refused. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    /** Seconds to wait before the next try; 0 when the server did not say. */
    readonly retryAfter: number,
  ) {
    super(detail);
  }

  /** Trying the same again later may help. */
  get passing(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/**
 * Posts JSON as text/plain without credentials: a simple request, for which
 * the browser asks no permission first. Throws Refusal for an answer that is
 * not 2xx, and what fetch throws when there is none.
 */
export async function post<T>(url: string, body: object): Promise<T> {
  const answer = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    credentials: "omit",
    keepalive: true,
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  if (answer.ok) return (text ? JSON.parse(text) : {}) as T;
  let detail = "";
  try {
    const problem = JSON.parse(text);
    detail = String(problem.detail || problem.title || "");
  } catch {
    // A proxy's page, perhaps.
  }
  throw new Refusal(answer.status, detail, Number(answer.headers.get("Retry-After")) || 0);
}
