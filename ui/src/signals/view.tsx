/** The list of all signals, or the page of one. */

import { language } from "../i18n";
import { route } from "../page/route";
import { SignalList } from "./list";
import { SignalPage } from "./page";
import "./signals.css";

export function Signals() {
  const metric = route.value.signal;
  // another language is another page: its answer must not stand under the words of this one
  return metric ? <SignalPage key={`${language.value}/${metric}`} metric={metric} /> : <SignalList key={language.value} />;
}
