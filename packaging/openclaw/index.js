/**
 * `/clawdesk`: words for ClawDesk from any chat of this gateway, without a model run.
 *
 * This plugin only carries words. What they mean and whether they count is decided in ClawDesk, by
 * the rules of a click; the chat is told what became of them, never less and never more. Nothing is
 * kept: words that no ClawDesk takes within a few seconds are thrown away, and the sender is told so.
 *
 * Who may answer. Two locks, both closed by default:
 *  1. the channel itself admits the sender (`requireAuth`: its own allow-list and pairing);
 *  2. `senders` in this plugin's configuration names them as `channel:id`. An empty list is nobody.
 * The words of an agent of this gateway are messages of the bot, not of a person: they never come
 * in as a command. An approval cannot be given here at all, only an answer, or a rejection in words.
 *
 * Who may listen. The event tells every reader of the gateway that something was typed, and no more;
 * the words are read, and replied to, by clients that may answer questions (`operator.questions`).
 */
import { randomUUID } from "node:crypto";
import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";

const SCOPE = { scope: "operator.questions" };
const REPLY_MS_MAX = 15_000; // ClawDesk applies an answer within a second; a slow disk takes longer
const OTHERS_MS = 1_500; // one ClawDesk does not know the request: another one may
const CHARS_MAX = 8_000; // longer answers are given in ClawDesk
const WAITING_MAX = 20;
const AWAY = "No ClawDesk is listening on this gateway. Your words were not taken; nothing changed.";
const SILENT =
  "ClawDesk took your words and did not say what became of them. Look there, or type /clawdesk.";

export default definePluginEntry({
  id: "clawdesk",
  name: "ClawDesk",
  description: "Answers to ClawDesk's requests from any chat, in words: /clawdesk",
  register(api) {
    const allowed = new Set(api.pluginConfig?.senders ?? []);
    const waiting = new Map(); // id -> { text, by, taken, settle, unknown }
    let events; // tells clients that something was typed; there while the service runs

    /** Hold words until a ClawDesk replies; the promise is the text for the chat. */
    function carry(text, by) {
      return new Promise((done) => {
        const id = randomUUID();
        const settle = (reply) => {
          clearTimeout(timer);
          if (waiting.delete(id)) done({ text: reply });
        };
        const item = { text, by, taken: false, settle, unknown: undefined };
        const timer = setTimeout(
          () => settle(item.unknown ?? (item.taken ? SILENT : AWAY)),
          REPLY_MS_MAX,
        );
        waiting.set(id, item);
        events?.emit("typed", { waiting: waiting.size }, { scope: "operator.read" });
      });
    }

    api.registerService({
      id: "clawdesk",
      start(context) {
        events = context.gatewayEvents;
      },
      stop() {
        events = undefined;
        for (const item of [...waiting.values()]) item.settle(AWAY);
      },
    });

    api.registerGatewayMethod(
      "clawdesk.typed",
      ({ respond }) => {
        const typed = [...waiting].map(([id, item]) => {
          item.taken = true;
          return { id, text: item.text, by: item.by };
        });
        respond(true, { typed });
      },
      SCOPE,
    );

    api.registerGatewayMethod(
      "clawdesk.reply",
      ({ params, respond }) => {
        const item = waiting.get(String(params.id));
        const text = String(params.text ?? "").slice(0, CHARS_MAX);
        if (item && params.known === true) item.settle(text);
        else if (item && item.unknown === undefined) {
          item.unknown = text;
          setTimeout(() => item.settle(text), OTHERS_MS);
        }
        respond(true, { told: item !== undefined });
      },
      SCOPE,
    );

    api.registerCommand({
      name: "clawdesk",
      description: "Answer ClawDesk: /clawdesk lists what waits, /clawdesk ID words answers it",
      acceptsArgs: true,
      requireAuth: true,
      async handler(context) {
        const by = `${context.channel}:${context.senderId ?? ""}`;
        if (context.isAuthorizedSender !== true || !allowed.has(by)) {
          const where = "plugins.entries.clawdesk.config.senders";
          return { text: `This sender may not answer ClawDesk. To allow it, add "${by}" to ${where}.` };
        }
        const text = (context.args ?? "").trim();
        if (text.length > CHARS_MAX) {
          return { text: `That is over ${CHARS_MAX} characters long; answer in ClawDesk.` };
        }
        if (waiting.size >= WAITING_MAX) {
          return { text: "Too many answers wait for ClawDesk; try again in a moment." };
        }
        return carry(text, by);
      },
    });
  },
});
