/** The style sheet of the history page: light or dark as the reader's system is. */
export const PAGE_STYLE = `
:root { color-scheme: light dark;
  --back: #f5f6f8; --card: #ffffff; --line: #dfe3e8; --text: #1c2330; --soft: #5c6675;
  --blue: #2f6fde; --violet: #9a5bd0; --red: #d03f3f; --teal: #17857a; --amber: #a86a00; --green: #1d7f45; }
@media (prefers-color-scheme: dark) { :root {
  --back: #0f1319; --card: #181e27; --line: #2c3440; --text: #e6eaf0; --soft: #9aa5b4;
  --blue: #6ea4ff; --violet: #c39bf0; --red: #ff7d76; --teal: #4fc4b6; --amber: #e0ab4a; --green: #62cd8c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 48px; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 16px; margin: 0; }
h2::first-letter, th::first-letter { text-transform: uppercase; }
.lede { color: var(--soft); margin: 4px 0 22px; overflow-wrap: anywhere; }
.tiles, .charts { display: grid; gap: 16px; margin-bottom: 16px; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; min-width: 0; }
.tile b { display: block; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span, .note { color: var(--soft); font-size: 13px; }
.ALL_OK { color: var(--green); } .PART_OK { color: var(--amber); } .ALL_FAIL { color: var(--red); }
figure { margin: 0; } figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; margin-bottom: 8px; }
.key::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; background: var(--c); }
svg { display: block; width: 100%; height: auto; font-size: 12px; }
@media (max-width: 480px) { main { padding: 20px 12px 32px; } svg { font-size: 18px; } .time.middle { display: none; } }
.blue { fill: var(--blue); --c: var(--blue); } .violet { fill: var(--violet); --c: var(--violet); }
.red { fill: var(--red); --c: var(--red); } .teal { fill: var(--teal); --c: var(--teal); }
.grid { stroke: var(--line); } .area { fill: transparent; } g:hover .area { fill: var(--line); opacity: .6; }
.mark, .time, .nothing { fill: var(--soft); font-variant-numeric: tabular-nums; }
.mark { text-anchor: end; } .nothing { text-anchor: middle; font-size: 15px; }
.scroll { overflow-x: auto; margin-top: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; font-size: 13px; }
.left { text-align: left; } td.bad { color: var(--red); font-weight: 600; }
td.errors { text-align: left; white-space: normal; padding-top: 0; color: var(--soft); font-size: 13px; }
.errors ul { margin: 4px 0; padding-left: 20px; overflow-wrap: anywhere; } summary { cursor: pointer; }
`;
