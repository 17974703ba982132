extension ReportContent {
  private static let card = """
    <figure class="card {{state}}"><span>{{#pictures}}<img src="{{data}}" alt="{{alt}}">{{/pictures}}</span>
    <figcaption><b>{{text}}</b><br>{{detail}}{{#hasLink}}<br><a href="{{linkPlace}}">{{linkName}}</a>{{/hasLink}}</figcaption></figure>
    """

  private static let table = """
    <div class="scroll"><table class="metrics"><thead><tr>{{#header}}<th scope="col">{{.}}</th>{{/header}}</tr></thead>
    <tbody>{{#rows}}<tr>{{#labels}}<th scope="row"{{#isLong}} class="long"{{/isLong}}>{{text}}</th>{{/labels}}{{#cells}}<td class="{{verdict}}{{#isLong}} long{{/isLong}}">{{text}}</td>{{/cells}}</tr>{{/rows}}
    </tbody></table></div><p class="note">{{note}}</p>
    """

  private static let gallery = """
    <section><h2>{{title}}</h2><p class="note">{{note}}</p>
    <div class="scroll"><table class="grid"><thead><tr><th></th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{label}}</th>{{#cells}}<td><figure class="{{state}}" title="{{caption}}">
    <img src="{{picture}}" alt="{{alt}}"></figure></td>{{/cells}}</tr>{{/rows}}</tbody></table></div></section>
    """

  private static let grid = """
    <section><h2>{{title}}</h2><p class="note">Each pair: the original model at the left, the erased model at the right, with the same prompt and seed.</p>
    <div class="scroll"><table class="grid"><thead><tr><th></th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
    <tbody>{{#rows}}<tr><th scope="row">{{label}}</th>{{#cells}}<td><figure title="{{prompt}} · seed {{seed}}">
    <img src="{{original}}" alt="original: {{prompt}}"><img src="{{erased}}" alt="erased: {{prompt}}"></figure></td>{{/cells}}</tr>{{/rows}}
    </tbody></table></div></section>
    """

  static let template = """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{title}}</title><style>{{{style}}}</style></head><body><main>
    <header><h1>{{title}}</h1><p class="subtitle">{{subtitle}}</p>
    {{#notices}}<p class="warning" role="status">{{.}}</p>{{/notices}}
    {{#hasVerdict}}<p class="verdict {{state}}">{{verdict}}</p>{{/hasVerdict}}<p class="summary">{{summary}}</p>
    {{#hasWarning}}<p class="warning">{{warning}}</p>{{/hasWarning}}</header>
    {{#cards}}<section><h2>{{title}}</h2><p class="note">{{note}}</p><div class="cards">{{#first}}\(card){{/first}}</div>
    {{#hasRest}}<details><summary>{{count}} more</summary><div class="cards">{{#rest}}\(card){{/rest}}</div></details>{{/hasRest}}</section>{{/cards}}
    {{#figures}}<section><h2>{{title}}</h2><div class="scroll">{{{svg}}}</div><p class="note">{{note}}</p></section>{{/figures}}
    {{#hasMetrics}}<section><h2>Measurement</h2><div class="scroll"><table class="metrics"><thead><tr>
    <th scope="col">Metric</th><th scope="col">Original</th><th scope="col">Erased</th><th scope="col">Change</th><th scope="col">n</th>
    </tr></thead><tbody>{{#metrics}}<tr><th scope="row">{{title}} <span class="direction">{{name}} {{direction}}</span></th>
    <td>{{original}}</td><td>{{erased}}</td><td class="{{verdict}}">{{delta}}</td><td>{{n}}</td></tr>{{/metrics}}
    </tbody></table></div><p class="note">{{metricNote}}</p></section>{{/hasMetrics}}
    {{#sections}}{{#tiles}}<section class="tiles">{{#all}}<div class="tile {{verdict}}"><h3>{{name}}</h3><p class="word">{{word}}</p>
    <p>{{number}}</p>{{#notes}}<p class="note">{{.}}</p>{{/notes}}</div>{{/all}}</section>{{/tiles}}
    {{#table}}<section><h2>{{title}}</h2>\(table)</section>{{/table}}
    {{#gallery}}\(gallery){{/gallery}}{{#grid}}\(grid){{/grid}}
    {{#chart}}<section><h2>{{title}}</h2><div class="scroll">{{{svg}}}</div></section>{{/chart}}{{/sections}}
    {{#tables}}<section><h2>{{title}}</h2>\(table)</section>{{/tables}}
    {{#hasFolded}}<section>{{#folded}}<details><summary>{{title}}</summary>\(table)</details>{{/folded}}</section>{{/hasFolded}}
    {{#hasDefinitions}}<section><details id="definitions"><summary>Definitions of the measures</summary>
    <ul>{{#definitions}}<li>{{.}}</li>{{/definitions}}</ul></details></section>{{/hasDefinitions}}
    {{#galleries}}\(gallery){{/galleries}}
    {{#grids}}\(grid){{/grids}}
    {{#charts}}<section><h2>{{title}}</h2><div class="scroll">{{{svg}}}</div></section>{{/charts}}
    <section><h2>How to repeat it</h2><p class="note">In the folder in which the commands were first given.</p><pre>{{#commands}}{{.}}
    {{/commands}}</pre></section>
    <section><h2>Where it comes from</h2><dl>{{#facts}}<dt>{{name}}</dt><dd>{{value}}</dd>{{/facts}}</dl>
    {{#hasLinks}}<p class="note">Beside this page: {{#links}}<a href="{{place}}">{{name}}</a> {{/links}}</p>{{/hasLinks}}</section>
    </main></body></html>
    """

  static let style =
    Palette.css + """
      *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
      main{max-width:1120px;margin:0 auto;padding:24px 16px 64px}h1{font-size:1.7rem;line-height:1.2;margin:.2em 0}
      h2{font-size:1.15rem;margin:2.2em 0 .5em}.subtitle,.note,.direction{color:var(--soft)}.note{font-size:.875rem;max-width:60em}.direction{font-weight:400;font-size:.8rem;white-space:nowrap}
      .verdict{font-size:1.3rem;line-height:1.35;font-weight:600;border-left:6px solid var(--soft);padding:.4em .7em;background:var(--raised);max-width:46em;white-space:pre-line}
      .verdict.back{border-color:var(--back)}.verdict.away{border-color:var(--away)}.verdict.hurt{border-color:var(--hurt)}
      .summary{font-size:1.05rem;max-width:46em}.warning{border-left:4px solid var(--back);padding:.4em .8em;background:var(--raised)}
      .scroll{overflow-x:auto}table{border-collapse:collapse}.metrics th,.metrics td{padding:8px 10px;border-bottom:1px solid var(--line);text-align:left;font-variant-numeric:tabular-nums;white-space:nowrap}
      .metrics tbody th{font-weight:500}.metrics tbody th:first-child{white-space:normal;min-width:10em;max-width:40em}.metrics .long{white-space:normal;min-width:18em;overflow-wrap:anywhere}
      .metrics th:first-child,.grid th:first-child{position:sticky;left:0;background:var(--paper)}
      .good{color:var(--away);font-weight:600}.bad{color:var(--back);font-weight:600}td.hurt{color:var(--hurt);font-weight:600}
      details{margin:1em 0}summary{cursor:pointer;color:var(--soft)}a{color:var(--c0)}
      .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:10px;margin-top:1.5em}.tile{background:var(--raised);border:1px solid var(--line);border-top:4px solid var(--line);border-radius:6px;padding:10px 12px}
      .tile.good{border-top-color:var(--away);color:inherit;font-weight:inherit}.tile.bad{border-top-color:var(--back);color:inherit;font-weight:inherit}.tile h3{margin:0;font-size:.875rem;font-weight:500;color:var(--soft)}.tile p{margin:.2em 0}.tile .word{font-size:1.15rem;font-weight:600}
      .cards{display:flex;flex-wrap:wrap;gap:10px}.card{display:block;width:172px;font-size:.8rem}.card span{display:flex;gap:2px}figcaption{padding:4px 2px;overflow-wrap:anywhere}
      .grid th{font-weight:500;font-size:.85rem;padding:4px 8px;text-align:left}.grid td{padding:4px}figure{display:flex;gap:2px;margin:0;padding:3px;background:var(--raised);border:2px solid var(--line);border-radius:6px}
      figure.back,figure.forgotten{border-color:var(--back)}figure.away,figure.restored{border-color:var(--away)}figure.hurt{border-color:var(--hurt)}
      figure.back figcaption b{color:var(--back)}figure.away figcaption b{color:var(--away)}figure.hurt figcaption b{color:var(--hurt)}
      figure.large img{width:auto;height:auto;max-width:256px}figure img{width:80px;height:80px;display:block;background:#fff;image-rendering:auto;border-radius:3px}
      svg{height:auto;font-size:11px;fill:var(--soft)}svg polyline{fill:none;stroke-width:2}
      svg .rule{stroke:var(--line)}svg .raw{stroke:var(--c0);stroke-opacity:.35;stroke-width:1}svg .band{fill-opacity:.18;stroke:none}svg .name{fill:var(--ink)}
      svg .limit{stroke:var(--back);stroke-dasharray:5 4}svg .whisker{stroke:var(--c0);stroke-width:2;stroke-opacity:.6}svg .across{stroke-opacity:.5}svg .dot{fill:var(--c0)}
      pre{background:var(--raised);padding:12px;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:.875rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
      @media(max-width:560px){dl{grid-template-columns:1fr}dd{margin-bottom:8px}figure img{width:64px;height:64px}.card{width:140px}.metrics tbody th:first-child,.grid th:first-child{min-width:0;max-width:42vw;overflow-wrap:anywhere}}
      """
}
