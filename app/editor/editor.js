// The editor of a statement: ClickHouse's SQL in colours, with completion of tables, columns and functions.
import { autocompletion, closeBrackets, closeBracketsKeymap, completeFromList, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { SQLDialect, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const WORDS = `select distinct from where and or not in is null between like exists case when then else end as order group having union except
  intersect asc desc values true false cast collate escape recursive prewhere final sample settings format limit by with totals rollup cube array join global any all asof semi anti left right inner
  full outer cross using on tuple interval nulls first last fill qualify window over partition range preceding following unbounded
  materialized ilike explain show describe ttl step top offset`;
const TYPES = `Int8 Int16 Int32 Int64 Int128 Int256 UInt8 UInt16 UInt32 UInt64 UInt128 UInt256 Float32 Float64 Decimal String FixedString UUID
  Date Date32 DateTime DateTime64 Enum8 Enum16 Array Tuple Map Nested Nullable LowCardinality Bool IPv4 IPv6`;

const dialect = SQLDialect.define({
  keywords: WORDS,
  types: TYPES,
  builtin: "",
  backslashEscapes: true,
  hashComments: true,
  identifierQuotes: "\"`",
  operatorChars: "*+-%<>!=/|&:?",
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--warn)" },
]);

// The variables are those of the page: they reach into the shadow tree, and so follow the theme.
const theme = EditorView.theme({
  "&": { backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line-strong)", borderRadius: "0.5rem", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { minHeight: "11rem", maxHeight: "24rem", overflow: "auto", fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace' },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--card)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft)" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line-strong)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "inherit", opacity: "0.8" },
});

/**
 * Replaces a text field by an editor that keeps the field's text. The editor is in a shadow tree, where its style sheets
 * are adopted: the page's security policy allows no style elements. `changed` gets each new text, `run` is Ctrl+Enter,
 * and `names` returns the names to complete, for which the editor asks when it gets the focus.
 */
export function createEditor(field, { changed, run, names }) {
  const host = document.createElement("div");
  host.className = "sql-editor";
  field.before(host);
  field.hidden = true;
  // A browser does not say what is wrong with a field that it does not show.
  field.required = false;
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });

  const language = new Compartment();
  const known = (schema, functions) => {
    const support = sql({ dialect, schema, upperCaseKeywords: true });
    return [support, support.language.data.of({ autocomplete: completeFromList(functions) })];
  };
  let isAsked = false;
  const askNames = async () => {
    if (isAsked) return;
    isAsked = true;
    try {
      const { tables, functions } = await names();
      const columns = (listed) => listed.map(([name, type]) => ({ label: name, detail: type, type: "property" }));
      const schema = Object.fromEntries(tables.map(([table, listed]) => [table, columns(listed)]));
      const callable = functions.map((name) => ({ label: name, type: "function" }));
      // The schema completes columns behind the name of a table and a dot. These are offered without a table.
      const seen = new Map(tables.flatMap(([table, listed]) => listed.map(([name, type]) => [name, { label: name, detail: type, type: "property", boost: 1, info: table }])));
      view.dispatch({ effects: language.reconfigure(known(schema, [...seen.values(), ...callable])) });
    } catch {
      // Without the names the editor completes keywords. It asks again with the next focus.
      isAsked = false;
    }
  };

  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        placeholder(field.placeholder),
        syntaxHighlighting(colours),
        theme,
        EditorView.lineWrapping,
        language.of(known({}, [])),
        EditorView.contentAttributes.of({ "aria-label": "Statement", spellcheck: "false", autocapitalize: "off", translate: "no" }),
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.focusChanged && update.view.hasFocus) askNames();
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          changed(field.value);
        }),
      ],
    }),
  });

  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    focus: () => view.focus(),
  };
}
