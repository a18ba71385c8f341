// Opens a workbook with exceljs or SheetJS, sets cells, saves it in place:
//   node edit.js exceljs|sheetjs FILE SHEET '[["C6","text"],["D6",null],…]'
'use strict';
const [program, file, sheet, edits] = process.argv.slice(2);
const cells = JSON.parse(edits);

async function exceljs() {
  const ExcelJS = require('exceljs');
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(file);
  const page = book.getWorksheet(sheet);
  for (const [ref, value] of cells) page.getCell(ref).value = value;
  await book.xlsx.writeFile(file);
}

function sheetjs() {
  const XLSX = require('xlsx');
  const book = XLSX.readFile(file, { cellStyles: true, bookVBA: false });
  const page = book.Sheets[sheet];
  for (const [ref, value] of cells) {
    if (value === null) delete page[ref];
    else page[ref] = { t: typeof value === 'number' ? 'n' : 's', v: value };
  }
  XLSX.writeFile(book, file, { bookSST: true, compression: true });
}

Promise.resolve(program === 'exceljs' ? exceljs() : sheetjs()).catch((err) => {
  console.error(err);
  process.exit(1);
});
