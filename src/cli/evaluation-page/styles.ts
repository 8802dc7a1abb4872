/** The whole look of the page: nothing is fetched. Light and dark follow the reader's setting. */
export const styles = `
:root{color-scheme:light dark;--ink:#1b1f27;--soft:#5d6778;--paper:#f6f7f9;--card:#fff;--edge:#e3e6eb;--accent:#3056d3;--good:#12805c;--bad:#c0362c;--c0:#9aa3b2;--c1:#b7791f;--c2:#0e8f8f;--c3:#a044b8;--c4:#3056d3}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--soft:#9aa4b5;--paper:#14171c;--card:#1c2027;--edge:#2d333d;--accent:#7e9cff;--good:#4cc38a;--bad:#ff7b72;--c0:#77808f;--c1:#e0a84a;--c2:#4cc9c9;--c3:#d08be6;--c4:#7e9cff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px}
.eyebrow{margin:0;color:var(--accent);font-weight:600;letter-spacing:.04em;text-transform:uppercase;font-size:12px}
h1{margin:4px 0 6px;font-size:26px;line-height:1.25;overflow-wrap:anywhere}
h2{margin:0 0 4px;font-size:16px}
h3{margin:14px 0 6px;font-size:14px}
section{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:18px 20px;margin-top:18px}
.note{margin:0 0 10px;color:var(--soft);font-size:13px}
.facts{display:flex;flex-wrap:wrap;gap:2px 22px;margin:10px 0 0;padding:0;list-style:none;color:var(--soft);font-size:13px}
.facts li{overflow-wrap:anywhere}
.facts b{color:var(--ink);font-weight:500}
.verdict{border-left:4px solid var(--soft);background:var(--card);padding:10px 14px;border-radius:0 10px 10px 0;margin:18px 0 0}
.verdict.good{border-left-color:var(--good)}
.verdict.bad{border-left-color:var(--bad)}
.warning{border-left:4px solid var(--bad);background:var(--card);padding:8px 14px;margin:12px 0 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:left;border-bottom:1px solid var(--edge)}
th{color:var(--soft);font-weight:500;font-size:13px;vertical-align:bottom}
th.number,td.number{text-align:right;white-space:nowrap}
td:first-child,th:first-child{padding-left:0;white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
td b{font-weight:650}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(270px,1fr));gap:14px 22px}
figure{margin:0}
figcaption{font-size:13px;color:var(--soft)}
svg{width:100%;height:auto;display:block}
.grid{stroke:var(--edge)}
.axis{fill:var(--soft);font-size:11px}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke:currentColor}
.dot{fill:currentColor}
.line-0{color:var(--c0)}.line-1{color:var(--c1)}.line-2{color:var(--c2)}.line-3{color:var(--c3)}.line-4{color:var(--c4)}
.line.line-4{stroke-width:2.6}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 8px;padding:0;list-style:none;font-size:13px}
.swatch{display:inline-block;width:14px;height:3px;border-radius:2px;background:currentColor;margin-right:6px;vertical-align:middle}
.intervals{display:grid;gap:2px}
.interval{display:grid;grid-template-columns:88px minmax(0,1fr) 390px;align-items:center;gap:14px;min-height:30px;font-variant-numeric:tabular-nums}
.interval .metric{font-size:14px}
.track{position:relative;height:22px;border-radius:4px;background:color-mix(in srgb,var(--edge) 45%,transparent)}
.track i{position:absolute;top:0;bottom:0}
.zero{width:0;border-left:1px dashed var(--soft)}
.bar{margin:auto 0;height:6px;border-radius:3px;background:currentColor;opacity:.4}
.point{margin:auto 0 auto -5px;width:10px;height:10px;border-radius:50%;background:currentColor}
.interval.good .track{color:var(--good)}.interval.bad .track{color:var(--bad)}.interval.open .track{color:var(--soft)}
.words{font-size:13px}.words span{white-space:nowrap;margin-right:8px}
.words em{font-style:normal;color:var(--soft);white-space:nowrap}
.examples{display:grid;grid-template-columns:repeat(auto-fit,minmax(215px,1fr));gap:20px 26px;margin-top:8px}
.example h3{margin:0;overflow-wrap:anywhere}
.example h4{margin:10px 0 2px;font-size:13px;font-weight:500;color:var(--soft)}
.example ol,.example ul{margin:0;padding-left:20px;font-size:14px}
.example ul{list-style:none;padding-left:0}
.example li{overflow-wrap:anywhere;padding:1px 0}
.example small{color:var(--soft);font-size:12px;margin-left:6px}
.hit{color:var(--good);font-weight:600}
footer{margin-top:18px;color:var(--soft);font-size:13px}
@media(max-width:820px){main{padding:24px 14px}section{padding:14px}h1{font-size:22px}.interval{grid-template-columns:80px minmax(0,1fr);gap:2px 10px;padding:4px 0}.words{grid-column:1/-1;padding-left:0}.words span{white-space:normal}}
`
