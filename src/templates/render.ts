import Handlebars from 'handlebars';

/** Turns values into text inside a template; called as `{{name value}}` or `{{name value depth=1}}`. */
export type TemplateHelper = (value: unknown, depth: number) => string;

/**
 * Renders a Handlebars template. Nothing is escaped: the helpers are the only way in which a value
 * becomes text of the target language. A name that the context lacks throws (a bug of the template).
 */
export function renderTemplate(
  template: string,
  context: object,
  helpers: Readonly<Record<string, TemplateHelper>>,
): string {
  const handlebars = Handlebars.create();
  for (const [name, helper] of Object.entries(helpers)) {
    handlebars.registerHelper(name, (value: unknown, options: Handlebars.HelperOptions) => {
      if (value === undefined) throw new Error(`the template gives {{${name}}} a value that does not exist`);
      return helper(value, Number(options.hash['depth'] ?? 0));
    });
  }
  return handlebars.compile(template, { noEscape: true, strict: true })(context);
}
