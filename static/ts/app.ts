// What pages do beyond links and forms. Rules stay on the server: nothing here
// decides what is valid, only how an answer is shown.
import "htmx.org";
import "htmx.org/dist/ext/hx-upsert.js";
import "htmx.org/dist/ext/hx-ws.js";

import { startComposer } from "./composer";
import { startConfirm } from "./confirm";
import { startCopy } from "./copy";
import { startFields } from "./fields";
import { startFocus } from "./focus";
import { startInsert } from "./insert";
import { startKeys } from "./keys";
import { startLive } from "./live";
import { startLook } from "./look";
import { startMenus } from "./menus";
import { startMessageEditor } from "./message-editor";
import { startNotify } from "./notify";
import { startSaved } from "./saved";
import { startTheme } from "./theme";
import { startToasts } from "./toasts";

startComposer();
startLook();
startConfirm();
startCopy();
startFields();
startFocus();
startInsert();
startKeys();
startLive();
startMenus();
startMessageEditor();
startNotify();
startSaved();
startTheme();
startToasts();
