import { useState } from "preact/hooks";
import { t } from "../i18n";
import { ApiError } from "../wire/api";
import { signIn } from "./boot";

export function SignIn() {
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await signIn(String(form.get("user")), String(form.get("password")));
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      setWrong(status === 401 || status === 403 ? t("signin.wrong") : status === 429 ? t("signin.slow") : (error as Error).message);
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
        <h1>BESS Inside</h1>
        <p>{t("signin.why")}</p>
        <label>
          {t("signin.user")}
          <input name="user" autoComplete="username" required autoFocus />
        </label>
        <label>
          {t("signin.password")}
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" class="primary" disabled={busy}>
          {t("signin.enter")}
        </button>
        {wrong && <p role="alert" class="failure" data-nav>✕ {wrong}</p>}
      </form>
    </main>
  );
}
