// Makes a workbook as staff's tools do: node make.js exceljs|sheetjs FILE
'use strict';
const [program, file] = process.argv.slice(2);

async function exceljs() {
  const ExcelJS = require('exceljs');
  const book = new ExcelJS.Workbook();
  const page = book.addWorksheet('台账');
  page.getCell('A1').value = '序号';
  page.getCell('B1').value = { richText: [
    { font: { bold: true }, text: '问题' }, { text: '描述' }] };
  page.getCell('A2').value = 1;
  page.getCell('B2').value = ' 未公示\n第二行 <&> "引号"';
  page.getCell('C2').value = new Date(Date.UTC(2023, 3, 6));
  page.getCell('C2').numFmt = 'yyyy"年"m"月"d"日"';
  page.getCell('D2').value = new Date(Date.UTC(2023, 3, 6, 8, 30, 0));
  page.getCell('D2').numFmt = 'yyyy-mm-dd hh:mm:ss';
  page.getCell('E2').value = 888.69;
  page.getCell('F2').value = true;
  page.getCell('G2').value = { formula: 'A2+1', result: 2 };
  page.getCell('H2').value = { error: '#N/A' };
  page.getRow(3).hidden = true;
  page.getCell('A3').value = '隐藏行';
  page.mergeCells('A5:C5');
  page.getCell('A5').value = '备注';
  book.addWorksheet('_meta', { state: 'veryHidden' }).getCell('A1').value =
    'format';
  await book.xlsx.writeFile(file);
}

function sheetjs() {
  const XLSX = require('xlsx');
  const page = {
    '!ref': 'A1:H5',
    '!merges': [XLSX.utils.decode_range('A5:C5')],
    '!rows': [{}, {}, { hidden: true }],
    A1: { t: 's', v: '序号' }, B1: { t: 's', v: '问题描述' },
    A2: { t: 'n', v: 1 },
    B2: { t: 's', v: ' 未公示\n第二行 <&> "引号"' },
    C2: { t: 'n', v: 45022, z: 'yyyy"年"m"月"d"日"' },
    D2: { t: 'n', v: 45022.354166666664, z: 'yyyy-mm-dd hh:mm:ss' },
    E2: { t: 'n', v: 888.69 }, F2: { t: 'b', v: true },
    G2: { t: 'n', v: 2, f: 'A2+1' }, H2: { t: 'e', v: 42, w: '#N/A' },
    A3: { t: 's', v: '隐藏行' }, A5: { t: 's', v: '备注' },
  };
  const book = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(book, page, '台账');
  XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet([['format']]),
    '_meta');
  book.Workbook = { Sheets: [{ Hidden: 0 }, { Hidden: 2 }] };
  XLSX.writeFile(book, file, { compression: true });
}

Promise.resolve(program === 'exceljs' ? exceljs() : sheetjs()).catch((err) => {
  console.error(err);
  process.exit(1);
});
