import { expect, test } from '@jest/globals';
import { readHcl, readHclList } from '../../../src/hcl/read.ts';
import { HclTemplate, hclReference } from '../../../src/hcl/template.ts';

test.each([
  { text: 'a = "x"', value: 'x', because: 'a string is a string' },
  { text: 'a = "$${x} %%{y}"', value: '${x} %{y}', because: 'escapes are undone' },
  { text: 'a = "$$${x}"', value: '$${x}', because: 'only the escape is undone' },
  { text: 'a = "\\u0024{x}"', value: '${x}', because: 'any spelling of the mark is literal' },
  { text: 'a = var.x', value: hclReference('var.x'), because: 'a reference is no text' },
  {
    text: 'a = "$${p}${var.x}"',
    value: new HclTemplate('$${p}${var.x}'),
    because: 'a mixed string stays computed',
  },
  { text: 'a = [1, true, null]', value: [1, true, null], because: 'lists keep their kinds' },
  { text: 'a = { "$${k}" = 1 }', value: { '${k}': 1 }, because: 'keys are undone too' },
])('$text is read so because $because', async ({ text, value }) => {
  expect(await readHcl('a.pkr.hcl', `${text}\n`)).toEqual({ a: value });
});

test('blocks become lists below their labels', async () => {
  const document = await readHcl('a.pkr.hcl', 'b "x" "y" {\n  z = 1\n}\n');
  expect(document).toEqual({ b: { x: { y: [{ z: 1 }] } } });
});

test('text that is no HCL is refused with the place', async () => {
  await expect(readHcl('bad.pkr.hcl', 'a = = 1')).rejects.toMatchObject({
    code: 'E_HCL_INVALID',
    message: 'bad.pkr.hcl is not valid HCL',
    details: [expect.stringContaining('bad.pkr.hcl:1')],
  });
});

test('a list expression is read by itself', async () => {
  expect(await readHclList('["A=$${b}", "C=${var.d}"]')).toEqual(['A=${b}', new HclTemplate('C=${var.d}')]);
  await expect(readHclList('1')).rejects.toMatchObject({ code: 'E_HCL_INVALID' });
});
