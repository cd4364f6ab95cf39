//! Denormals are zero while audio runs: a guard that sets the processor's flags and puts the
//! host's own back. A leaf per architecture.

/// While it lives, this thread flushes denormal results to zero and reads denormals as zero.
pub struct DenormalsAreZero {
    host: Word,
}

impl DenormalsAreZero {
    /// Sets the flags.
    ///
    /// # Realtime safety
    /// Two instructions.
    #[must_use]
    pub fn set() -> Self {
        let host = read();
        write(host | BITS);
        Self { host }
    }
}

impl Drop for DenormalsAreZero {
    fn drop(&mut self) {
        write(self.host);
    }
}

pub use arch::*;

#[cfg(target_arch = "x86_64")]
mod arch {
    /// The register's width.
    pub type Word = u32;
    /// MXCSR: flush to zero (bit 15), denormals are zero (bit 6).
    pub const BITS: Word = 1 << 15 | 1 << 6;

    /// Reads MXCSR.
    #[must_use]
    pub fn read() -> Word {
        let mut word: Word = 0;
        // SAFETY: stores the register's 32 bits to a place of 32 bits.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags));
        }
        word
    }

    /// Writes MXCSR.
    pub fn write(word: Word) {
        // SAFETY: only a value that `read` gave, with two documented bits that change no
        // exception mask, is ever written.
        unsafe {
            std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags));
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arch {
    /// The register's width.
    pub type Word = u64;
    /// FPCR: flush to zero (bit 24), which covers inputs and results.
    pub const BITS: Word = 1 << 24;

    /// Reads FPCR.
    #[must_use]
    pub fn read() -> Word {
        let word: Word;
        // SAFETY: reads a register that user code may read.
        unsafe {
            std::arch::asm!("mrs {}, fpcr", out(reg) word, options(nomem, nostack, preserves_flags));
        }
        word
    }

    /// Writes FPCR.
    pub fn write(word: Word) {
        // SAFETY: only a value that `read` gave, with one documented bit, is ever written.
        unsafe {
            std::arch::asm!("msr fpcr, {}", in(reg) word, options(nomem, nostack, preserves_flags));
        }
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod arch {
    /// There is no such register here.
    pub type Word = ();
    /// Nothing to set.
    pub const BITS: Bits = Bits;

    /// Takes the place of flags where there are none.
    pub struct Bits;

    impl std::ops::BitOr<Bits> for () {
        type Output = ();
        fn bitor(self, _: Bits) {}
    }

    /// Nothing to read.
    pub fn read() -> Word {}
    /// Nothing to write.
    pub fn write((): Word) {}
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn denormals_are_zero_inside_and_back_outside() {
        let tiny = black_box(f32::MIN_POSITIVE);
        let before = read();
        {
            let _zero = DenormalsAreZero::set();
            assert_eq!(black_box(tiny) * black_box(0.5), 0.0, "a result");
            assert_eq!(black_box(f32::from_bits(1)) * black_box(1e30), 0.0, "an operand");
        }
        assert_eq!(read(), before);
        assert!(black_box(tiny) * black_box(0.5) > 0.0);
    }
}
