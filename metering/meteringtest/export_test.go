package meteringtest

// LeftOut is what the table of meters has and the library does not.
var LeftOut = leftOut
