import test from 'ava';
import fc from 'fast-check';
import { elementsAt, textAt, xmlDocument, xmlOf } from '../../src/cos/xml.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'ß', '云', '😀', '<', '>', '&', '"', "'", ' ', '%') });

test('what is written is read', t => {
  const parts = fc.array(fc.record({ ETag: text, Name: text }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(text, parts, (Key, Part) => {
      const element = xmlOf(xmlDocument('Root', { Key, Part }), 'Root');
      t.is(textAt(element, 'Key'), Key);
      t.deepEqual(elementsAt(element!, 'Part'), Part);
    }),
  );
});

test('space between elements, attributes, comments and CDATA are what XML says they are', t => {
  const element = xmlOf(
    `<?xml version="1.0" encoding="UTF-8"?>
     <Root xmlns="http://example.com/doc">
       <!-- <Key>no</Key> -->
       <Key> a b </Key><Empty/><Nothing></Nothing>
       <Message><![CDATA[a < b & c]]></Message>
       <Char>&#34;&#x4e91;&quot;&amp;</Char>
     </Root>`,
    'Root',
  );
  t.deepEqual({ ...element }, { Key: ' a b ', Empty: '', Nothing: '', Message: 'a < b & c', Char: '"云"&' });
});

test('a character that XML cannot carry spoils nothing but its own text', t => {
  for (const char of ['\u0001', '&nbsp;', '&#0;', '&#xffff;', '\uffff']) {
    const element = xmlOf(`<Root><Key>a${char}b</Key><UploadId>id</UploadId></Root>`, 'Root');
    t.is(textAt(element, 'UploadId'), 'id', JSON.stringify(char));
  }
});

test('references to control characters are read as servers write them', t => {
  for (let code = 1; code < 0x20; code++) {
    for (const reference of [
      `&#${code};`,
      `&#0${code};`,
      `&#x${code.toString(16)};`,
      `&#x0${code.toString(16)};`,
    ]) {
      const element = xmlOf(`<Root><Key>a${reference}b</Key></Root>`, 'Root');
      t.is(textAt(element, 'Key'), `a${String.fromCharCode(code)}b`, reference);
    }
  }
  t.is(textAt(xmlOf('<Root><Key>&amp;#1;</Key></Root>', 'Root'), 'Key'), '&#1;');
});

test('white space may come before all', t => {
  t.is(textAt(xmlOf(' \r\n <?xml version="1.0"?>\n<Root><Key>a</Key></Root>', 'Root'), 'Key'), 'a');
});

test('what is cut off, or is no document of that root, is none', t => {
  const whole = '<Root><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></Root>';
  t.truthy(xmlOf(whole, 'Root'));
  for (let length = 0; length < whole.length; length++)
    t.is(xmlOf(whole.slice(0, length), 'Root'), undefined);
  for (const other of ['', 'text', '<Other/>', '<html><body><p>Log in</body></html>', '<Root>text</Root>']) {
    t.is(xmlOf(other, 'Root'), undefined, other);
  }
  t.deepEqual({ ...xmlOf('<Root/>', 'Root') }, {});
});

test('entities that a document brings along are not used', t => {
  const bomb =
    '<!DOCTYPE Root [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Root><Key>&b;</Key></Root>';
  t.is(textAt(xmlOf(bomb, 'Root'), 'Key'), '&b;');
});
