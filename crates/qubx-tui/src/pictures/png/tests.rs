use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use png::{ColorType, Encoder};
use proptest::prelude::*;

use super::*;

/// White and black, with a bit for each pixel.
const ONE_BIT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAQAAAABazTCJAAAADElEQVR42mNoYHAAAAHEAMGmm+a6AAAAAElFTkSuQmCC";
/// Red and clear, of a palette.
const PALETTE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAMAAABFaP0WAAAABlBMVEXIAAAJCQn/Ex10AAAAAnRSTlP/AOW3MEoAAAAMSURB\
                       VHjaY2BgBEIAAAwAAxWeGPwAAAAASUVORK5CYII=";
/// Of 16 bits for each part of a colour.
const DEEP: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAIAAACtREYwAAAAIklEQVR42mNgZGRiYmZmYWFlZWNjYGfn4ODk5OLi5ubhAQAFpgCd\
                    A7zgugAAAABJRU5ErkJggg==";
/// Four by four pixels, interlaced, with the reds 0 to 15.
const INTERLACED: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAFRlDm/AAAALElEQVR42g3HAQ6AIAADsYqIigL//y1bcmlGVtJDDwdnePlC5aJx\
                          5/wMJosNCeUAeTGVBJwAAAAASUVORK5CYII=";

fn bytes(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

fn scaled(bytes: &[u8], width: usize, height: usize) -> Result<Pixels, NoPicture> {
    decode(bytes, &[(width, height)], &|| false).map(|mut all| all.remove(0))
}

/// Returns a PNG of one colour.
fn plain(width: u32, height: u32, color: ColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let size = usize::try_from(width * height).unwrap() * color.samples();
    encoder.write_header().unwrap().write_image_data(&vec![200; size]).unwrap();
    bytes
}

#[test]
fn every_kind_of_pixel_becomes_red_green_blue_and_opaque() {
    let (white, black, red) = ([255, 255, 255, 255], [0, 0, 0, 255], [200, 0, 0, 255]);
    for (image, expected) in [
        (ONE_BIT, [white, black, black, white]),
        (PALETTE, [red, [0; 4], [0; 4], red]),
        (DEEP, [[1, 2, 3, 255], [4, 5, 6, 255], [7, 8, 9, 255], [10, 11, 12, 255]]),
    ] {
        assert_eq!(scaled(&bytes(image), 2, 2), Ok(Pixels { width: 2, rgba: expected.to_vec() }));
    }
    for (color, expected) in [
        (ColorType::Grayscale, [200, 200, 200, 255]),
        (ColorType::GrayscaleAlpha, [200, 200, 200, 200]),
        (ColorType::Rgb, [200, 200, 200, 255]),
        (ColorType::Rgba, [200, 200, 200, 200]),
    ] {
        assert_eq!(scaled(&plain(5, 3, color), 5, 3).unwrap().rgba, vec![expected; 15], "{color:?}");
    }
}

#[test]
fn smaller_pixels_are_the_mean_of_those_that_they_stand_for() {
    let reds = |width, height| {
        let pixels = scaled(&bytes(INTERLACED), width, height).unwrap();
        assert_eq!((pixels.width, pixels.height()), (width, height));
        pixels.rgba.iter().map(|pixel| pixel[0]).collect::<Vec<_>>()
    };
    assert_eq!(reds(4, 4), (0..16).collect::<Vec<_>>());
    assert_eq!(reds(2, 2), [3, 5, 11, 13]);
    assert_eq!(reds(1, 4), [2, 6, 10, 14]);
    assert_eq!(reds(1, 1), [8]);
    // What is clear has no say in the colour.
    assert_eq!(scaled(&bytes(PALETTE), 1, 1).unwrap().rgba, [[200, 0, 0, 128]]);
    // It is never made larger.
    assert_eq!(scaled(&bytes(ONE_BIT), 100, 100).unwrap().width, 2);
}

#[test]
fn an_image_in_two_sizes_is_read_once() {
    let all = decode(&bytes(INTERLACED), &[(4, 4), (2, 1)], &|| false).unwrap();
    assert_eq!(
        all.iter().map(|pixels| (pixels.width, pixels.height())).collect::<Vec<_>>(),
        [(4, 4), (2, 1)]
    );
}

#[test]
fn what_says_too_much_of_itself_is_refused() {
    let with_size = |image: &str, width: u32, height: u32| {
        let mut bytes = bytes(image);
        bytes[16..24].copy_from_slice(&[width.to_be_bytes(), height.to_be_bytes()].concat());
        // The sum over this part is right: it is a size that is meant.
        let sum = crc(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.to_be_bytes());
        bytes
    };
    for (image, width, height, expected) in [
        (ONE_BIT, 100_000, 100_000, NoPicture::TooLarge),
        (ONE_BIT, 20_000, 1, NoPicture::TooLarge),
        (ONE_BIT, 4_000, 4_001, NoPicture::TooLarge),
        (INTERLACED, 2_001, 2_000, NoPicture::TooLarge),
        (ONE_BIT, 0, 4, NoPicture::Broken),
        (ONE_BIT, 4_000, 4_000, NoPicture::Broken),
        (INTERLACED, 2_000, 2_000, NoPicture::Broken),
    ] {
        let found = scaled(&with_size(image, width, height), 10, 10);
        assert_eq!(found, Err(expected), "{width} × {height}");
    }
    assert_eq!(scaled(b"", 1, 1), Err(NoPicture::Broken));
    assert_eq!(scaled(b"GIF89a", 1, 1), Err(NoPicture::Broken));
}

/// Puts the right sum behind each part, so that it is read in spite of what was changed.
fn mend(bytes: &mut [u8]) {
    let mut begin = 8;
    while let Some(length) = bytes.get(begin..begin + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let end = begin + 8 + usize::try_from(length).unwrap();
        if bytes.len() < end + 4 {
            return;
        }
        let sum = crc(&bytes[begin + 4..end]).to_be_bytes();
        bytes[end..end + 4].copy_from_slice(&sum);
        begin = end + 4;
    }
}

/// The sum that a PNG has behind each of its parts.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

#[test]
fn the_largest_image_takes_a_row_of_memory_and_ends_when_it_is_late() {
    // Some kilobytes that are 16 million pixels.
    let large = plain(4_000, 4_000, ColorType::Grayscale);
    assert!(large.len() < 100_000, "{}", large.len());
    assert_eq!(scaled(&large, 3, 2).unwrap().rgba, vec![[200, 200, 200, 255]; 6]);
    let (began, asked) = (Instant::now(), std::cell::Cell::new(0));
    let is_late = || {
        asked.set(asked.get() + 1);
        asked.get() > 10 || began.elapsed() > Duration::from_secs(60)
    };
    assert_eq!(decode(&large, &[(3, 2)], &is_late), Err(NoPicture::Late));
    assert_eq!(asked.get(), 11);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(
        image in 0usize..5,
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        size in (0usize..70, 0usize..70),
    ) {
        let mut bytes = match image {
            0 => plain(64, 48, ColorType::Rgba),
            place => bytes([ONE_BIT, PALETTE, DEEP, INTERLACED][place - 1]),
        };
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        mend(&mut bytes);
        if is_cut {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Ok(pixels) = scaled(&bytes, size.0, size.1) {
            prop_assert_eq!(pixels.rgba.len(), pixels.width * pixels.height());
            prop_assert!(pixels.width <= size.0.max(1) && pixels.height() <= size.1.max(1));
        }
    }
}
