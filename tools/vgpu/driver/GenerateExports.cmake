# Writes a C file that defines every name of the toolkit's stub driver.
#
# A name with code of its own elsewhere wins over the weak one made here; the
# others answer CUDA_ERROR_NOT_SUPPORTED. The `_ptsz` and `_ptds` names set the
# per-thread default stream and jump to the plain name: they keep the argument
# registers and leave the stack as it was.
function(vgpu_generate_exports stub output)
  execute_process(COMMAND ${CMAKE_NM} -D --defined-only ${stub}
                  OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[TW] cu[A-Za-z0-9_]+" names "${listing}")
  list(TRANSFORM names REPLACE "^[TW] " "")
  list(SORT names)
  set(code "/* Every name of the driver interface; generated. */\n")
  string(APPEND code "int tresse_vgpu_unsupported(const char *name);\n"
         "void tresse_vgpu_per_thread(void);\n")
  set(table "")
  foreach(name IN LISTS names)
    string(REGEX REPLACE "_pt[sd][sz]$" "" base ${name})
    list(FIND names ${base} found)
    if(NOT base STREQUAL name AND NOT found EQUAL -1
       AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
      string(APPEND code "int ${name}(void);\n"
             "__asm__(\".text\\n.globl ${name}\\n.type ${name},@function\\n\"\n"
             "\"${name}:\\npush %rdi\\npush %rsi\\npush %rdx\\npush %rcx\\n\"\n"
             "\"push %r8\\npush %r9\\nsub $8, %rsp\\n\"\n"
             "\"call tresse_vgpu_per_thread@PLT\\nadd $8, %rsp\\n\"\n"
             "\"pop %r9\\npop %r8\\npop %rcx\\npop %rdx\\npop %rsi\\n\"\n"
             "\"pop %rdi\\njmp ${base}@PLT\\n\");\n")
    else()
      string(APPEND code "__attribute__((weak)) int ${name}(void) {\n"
             "  return tresse_vgpu_unsupported(\"${name}\");\n}\n")
    endif()
    string(APPEND table "    {\"${name}\", (void *)${name}},\n")
  endforeach()
  list(LENGTH names count)
  string(APPEND code
         "struct tresse_vgpu_exported { const char *name; void *address; };\n"
         "const struct tresse_vgpu_exported tresse_vgpu_exported_names[] = {\n"
         "${table}};\n"
         "const unsigned tresse_vgpu_exported_count = ${count};\n")
  file(CONFIGURE OUTPUT ${output} CONTENT "${code}" @ONLY)
endfunction()
