#if __has_include("../../.deps/include/png.h")
#include "../../.deps/include/png.h"
#elif __has_include(<png.h>)
#include <png.h>
#else
#error "libpng is not set up: run `make setup`"
#endif
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// libpng's simplified reader turns 16-bit and gamma-tagged samples into other numbers than the file holds. This one gives them as
// they are stored: the high bytes of 16-bit samples, and no gamma, as Pillow reads them. It jumps over its own frames on errors,
// which Swift may not do.

struct lethe_png_source {
  const unsigned char *bytes;
  size_t count;
  size_t place;
};

static inline void lethe_png_take(png_structp png, png_bytep out, png_size_t count) {
  struct lethe_png_source *source = (struct lethe_png_source *)png_get_io_ptr(png);
  if (count > source->count - source->place) png_error(png, "cut off");
  memcpy(out, source->bytes + source->place, count);
  source->place += count;
}

static inline void lethe_png_fail(png_structp png, png_const_charp text) {
  (void)text;
  longjmp(png_jmpbuf(png), 1);
}

static inline void lethe_png_ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

/// Width and height of a PNG in memory; 0 where it is none.
static inline int lethe_png_size(const unsigned char *bytes, size_t count, unsigned *width, unsigned *height) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  int found = png_image_begin_read_from_memory(&image, bytes, count);
  *width = found ? image.width : 0;
  *height = found ? image.height : 0;
  png_image_free(&image);
  return found;
}

/// Pixels as 8-bit RGBA [height][width][4] into `out`. Transparency is read of palettes and alpha channels, not of single
/// transparent colours. 0 where the file is damaged or of another size.
static inline int lethe_png_rgba(const unsigned char *bytes, size_t count, unsigned width, unsigned height, unsigned char *out) {
  struct lethe_png_source source = {bytes, count, 0};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, lethe_png_fail, lethe_png_ignore);
  if (!png) return 0;
  png_infop info = png_create_info_struct(png);
  png_bytep *volatile rows = NULL;
  if (!info || setjmp(png_jmpbuf(png))) {
    free((void *)rows);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_read_fn(png, &source, lethe_png_take);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height) png_error(png, "size");
  int type = png_get_color_type(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
  }
  if (!(type & PNG_COLOR_MASK_COLOR)) {
    if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
  }
  if (png_get_bit_depth(png, info) == 16) png_set_strip_16(png);
  if (!(type & PNG_COLOR_MASK_ALPHA)) png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != (size_t)width * 4) png_error(png, "row");
  rows = (png_bytep *)malloc((size_t)height * sizeof(png_bytep));
  if (!rows) png_error(png, "memory");
  for (unsigned y = 0; y < height; y++) rows[y] = out + (size_t)y * width * 4;
  png_read_image(png, (png_bytepp)rows);
  png_read_end(png, NULL);
  free((void *)rows);
  png_destroy_read_struct(&png, &info, NULL);
  return 1;
}
