// Overwrite.td - which results may lie where an operand lies.
#ifndef TRESSE_LM_OVERWRITE
#define TRESSE_LM_OVERWRITE

include "mlir/IR/OpBase.td"

def LM_OverwriteOpInterface : OpInterface<"OverwriteOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op that may write a result where an operand lies that nobody reads
    afterwards. Every target's kernel of the op reads what it needs of a row of
    that operand before it writes the row of the result, and no other row:

        operand   [ row 0 | row 1 | row 2 ]      same bytes, same rows
        result    [ row 0 | row 1 | row 2 ]

    Unlike a tied operand it stays a value of its own: where the planner cannot
    use this, the result gets a buffer. Elementwise ops of `arith` and `math`
    need no interface; `lm::mayOverwrite` knows both.
  }];
  let methods = [InterfaceMethod<[{
      Returns whether result `result` may lie where operand `operand` lies,
      given that both have as many elements of one type.
    }], "bool", "mayOverwrite",
      (ins "unsigned":$result, "unsigned":$operand)>];
}

#endif
