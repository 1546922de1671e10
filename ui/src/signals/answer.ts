import { useEffect, useState } from "preact/hooks";

/** What the API answered, asked once for the life of a component; `error` in words where it did not. */
export function useAnswer<T>(ask: () => Promise<T>): { answer: T | null; error: Error | null } {
  const [answer, setAnswer] = useState<T | null>(null);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    let over = false;
    ask().then(
      (found) => over || setAnswer(() => found),
      (reason: Error) => over || setError(reason),
    );
    return () => {
      over = true;
    };
  }, []);
  return { answer, error };
}
