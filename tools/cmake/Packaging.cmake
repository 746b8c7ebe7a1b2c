# `cpack` in the build folder writes a .deb of the installation.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tresse)
set(CPACK_PACKAGE_VENDOR "The Tresse authors")
set(CPACK_PACKAGE_CONTACT "The Tresse authors <tresse@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "Static graph compiler and code generator for DeepSeek-style models")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "libmlir-22, libllvm22, libomp5-22, libopenblas0-serial | libopenblas0, gcc, lld-22")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
include(CPack)
